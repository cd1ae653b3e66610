package self_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies/approval"
	"clanker/policies/approval/self"
)

// offers are policies that would make this difference.
type offers string

func (o offers) Preview(context.Context, string) (before, diff string, err error) {
	return "before", string(o), nil
}

func (offers) Use(context.Context, string, string) error { return errors.New("nothing is used here") }

// TestWhatPeopleWouldNotSeeIsNotOffered: a mask or an end that is cut off would hide what a change of the policies does.
func TestWhatPeopleWouldNotSeeIsNotOffered(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+allow contains {\"reason\": \"it only reads\"} if input.command.class == \"read\"\n": "",
		"+skip_token := {\"write\", \"destroy\"}\n":                                            "looks like a secret",
		strings.Repeat("+# harmless\n", 6000) + "+allow if true\n":                             "people see",
	} {
		runner := &self.Runner{Trust: nobody{}, Policies: offers(text), Version: "test"}
		plan, err := runner.Plan(t.Context(), adapters.Command{Argv: []string{"clanker", "policies", "use", "after"}, Tool: self.Tool,
			Path: []string{"policies", "use"}, Args: []string{"after"}, Class: adapters.ClassWrite})
		if want != "" {
			assert.ErrorContains(t, err, want)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, text, plan.Preview.Text)
	}
}

// nobody is enrolled.
type nobody struct{ approval.Trust }

func (nobody) Approvers(context.Context) ([]approval.Approver, error) { return nil, nil }
