package models_test

import (
	"context"
	"fmt"
	"time"

	"clanker/eval/models"
)

// One model is asked all questions, and the table is printed.
func Example() {
	cases, err := models.Cases()
	if err != nil {
		panic(err)
	}
	result, err := models.Run(context.Background(), models.Binary{Path: "bin/clanker"}, "anthropic/claude-sonnet-4-6", cases, nil)
	if err != nil {
		panic(err)
	}
	fmt.Print(models.Table([]models.Result{result}, time.Now()))
}
