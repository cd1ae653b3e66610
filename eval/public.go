package eval

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"clanker/router/learn"
)

//go:embed testdata/public/*/*.gz
var publicFiles embed.FS

// PublicSets are the names of the public sets that [Public] measures on; eval/testdata/public/README.md says whose they are.
func PublicSets() []string { return []string{"clinc150", "banking77", "hwu64"} }

// PublicFigures are what the learner (package learn) reaches on the test part of a public set, having learned from the
// training part alone. Shares are from 0 to 1.
type PublicFigures struct {
	Set      string   `json:"set"`
	Classes  int      `json:"classes"`
	Train    int      `json:"train"`
	Test     int      `json:"test"`
	Accuracy float64  `json:"accuracy"`          // everything accepted, nothing out of scope
	Outside  *Outside `json:"outside,omitempty"` // for a set that has questions out of scope
	Others   []Other  `json:"others"`            // what others have published
}

// Outside says how questions out of scope fare, none of which were learned from.
type Outside struct {
	Test      int     `json:"test"`
	InScope   float64 `json:"inScope"`   // taken for what they are, at one point chosen on the training part
	Recall    float64 `json:"recall"`    // left alone, at the same point
	Joint     float64 `json:"joint"`     // of all, treated right
	AUROC     float64 `json:"auroc"`     // how often one in scope seems more probable than one out of it
	Precision float64 `json:"precision"` // of what is accepted at a certified risk of 2 %
	Coverage  float64 `json:"coverage"`  // of what is in scope, accepted there
}

// Other is a published result: accuracy in scope and, where there is one, recall out of scope, in percent.
type Other struct {
	Name     string  `json:"name"`
	Accuracy float64 `json:"accuracy"`
	Recall   float64 `json:"recall,omitempty"`
}

// expected is the share of questions out of scope that the learner is told to expect: an assumption, not the test's.
const expected = 0.1

// Public trains the learner on a public set and measures it: seconds of work. The same set gives the same figures.
func Public(set string) (PublicFigures, error) {
	train, test, outside, err := publicSet(set)
	if err != nil {
		return PublicFigures{}, fmt.Errorf("read the public set %s: %w", set, err)
	}
	model, err := learn.Train(train, learn.Options{OutOfScope: expected, Uncalibrated: outside == nil})
	if err != nil {
		return PublicFigures{}, fmt.Errorf("learn from the public set %s: %w", set, err)
	}
	guesses := guess(model, test)
	f := PublicFigures{Set: set, Classes: len(model.Classes()), Train: len(train), Test: len(test),
		Accuracy: round(float64(len(accepted(guesses, math.Inf(-1), true))) / float64(len(test))), Others: published(set)}
	if outside != nil {
		f.Outside = measureOutside(model, guesses, guess(model, outside))
	}
	return f, nil
}

// guessed is what the model makes of one question.
type guessed struct {
	right       bool
	probability float64
}

func guess(m *learn.Model, questions []learn.Example) []guessed {
	var scratch learn.Scratch
	all := make([]guessed, len(questions))
	for i, q := range questions {
		r := m.Score(q.Text, &scratch)
		all[i] = guessed{q.Class != learn.Outside && r.N > 0 && m.Class(r.Top[0]) == q.Class, r.Probability}
	}
	return all
}

// accepted are those with at least that probability, all or only the right ones.
func accepted(all []guessed, least float64, right bool) []guessed {
	return slices.DeleteFunc(slices.Clone(all), func(g guessed) bool { return g.probability < least || right && !g.right })
}

func measureOutside(m *learn.Model, in, out []guessed) *Outside {
	at := func(least float64) (right, taken, wrongly float64) {
		return float64(len(accepted(in, least, true))), float64(len(accepted(in, least, false))), float64(len(accepted(out, least, false)))
	}
	all, outs := float64(len(in)), float64(len(out))
	right, _, wrongly := at(m.Balance())
	o := &Outside{Test: len(out), InScope: round(right / all), Recall: round(1 - wrongly/outs),
		Joint: round((right + outs - wrongly) / (all + outs)), AUROC: round(separation(in, out))}
	right, taken, wrongly := at(m.Threshold(0.02))
	o.Precision, o.Coverage = round(right/(taken+wrongly)), round(taken/all)
	return o
}

// separation is how often one of the first seems more probable than one of the second; half of it when alike.
func separation(in, out []guessed) float64 {
	byProbability := func(a, b guessed) int { return cmp.Compare(a.probability, b.probability) }
	slices.SortFunc(in, byProbability)
	sum := 0.0
	for _, g := range out {
		below, found := slices.BinarySearchFunc(in, g, byProbability)
		above := below
		for found && above < len(in) && in[above].probability == g.probability {
			above++
		}
		sum += float64(len(in)-above) + float64(above-below)/2
	}
	return sum / float64(len(in)) / float64(len(out))
}

// publicSet reads a set: what to learn from, what to test with, and what is out of scope, nil where there is none of it.
func publicSet(set string) (train, test, outside []learn.Example, err error) {
	switch set {
	case "clinc150":
		var splits map[string][][2]string
		err = unpack("clinc150/data_full.json", func(r io.Reader) error { return json.NewDecoder(r).Decode(&splits) })
		return pairs(splits["train"]), pairs(splits["test"]), pairs(splits["oos_test"]), err
	case "banking77":
		train, err = rowsOf("banking77/train.csv")
		test, wrong := rowsOf("banking77/test.csv")
		return train, test, nil, errors.Join(err, wrong)
	case "hwu64":
		train, err = linesOf("hwu64/kfold1_train.jsonl")
		test, wrong := linesOf("hwu64/kfold1_test.jsonl")
		return train, test, nil, errors.Join(err, wrong)
	}
	return nil, nil, nil, errors.New("there is none of that name")
}

func unpack(name string, read func(io.Reader) error) error {
	file, err := publicFiles.Open("testdata/public/" + name + ".gz")
	if err != nil {
		return err
	}
	zip, err := gzip.NewReader(file)
	if err != nil {
		return errors.Join(err, file.Close())
	}
	return errors.Join(read(zip), zip.Close(), file.Close())
}

func pairs(rows [][2]string) []learn.Example {
	examples := make([]learn.Example, len(rows))
	for i, row := range rows {
		examples[i] = learn.Example{Text: learn.Split(row[0]), Class: row[1]}
		if row[1] == "oos" {
			examples[i].Class = learn.Outside
		}
	}
	return examples
}

func rowsOf(name string) (examples []learn.Example, err error) {
	err = unpack(name, func(r io.Reader) error {
		rows, err := csv.NewReader(r).ReadAll()
		for _, row := range rows[min(1, len(rows)):] {
			examples = append(examples, learn.Example{Text: learn.Split(row[0]), Class: row[1]})
		}
		return err
	})
	return examples, err
}

func linesOf(name string) (examples []learn.Example, err error) {
	err = unpack(name, func(r io.Reader) error {
		scanner := bufio.NewScanner(r)
		for scanner.Scan() {
			var row struct{ Text, Intent string }
			if err := json.Unmarshal(scanner.Bytes(), &row); err != nil {
				return err
			}
			examples = append(examples, learn.Example{Text: learn.Split(row.Text), Class: row.Intent})
		}
		return scanner.Err()
	})
	return examples, err
}

// published are the figures of others: for CLINC150 those of its paper (Larson et al. 2019, table 2, full set with a
// threshold; Dialogflow and Rasa likewise), for the others those of their papers.
func published(set string) []Other {
	switch set {
	case "clinc150":
		return []Other{{"BERT", 96.2, 52.3}, {"MLP on USE", 93.4, 49.1}, {"Rasa", 90.9, 31.2}, {"CNN", 90.9, 30.9},
			{"Dialogflow", 90.8, 26.7}, {"FastText", 88.6, 28.3}, {"SVM", 88.2, 18.0}}
	case "banking77":
		return []Other{{"BERT, fine-tuned", 93.66, 0}, {"USE and ConveRT", 93.36, 0}}
	}
	return []Other{}
}

// PublicText writes the figures as a table for people, others' beside them.
func PublicText(w io.Writer, all []PublicFigures) error {
	out := &strings.Builder{}
	for i, f := range all {
		if i > 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(out, "%s: %d classes, learned from %d questions, tested with %d\n", f.Set, f.Classes, f.Train, f.Test)
		fmt.Fprintf(out, "%-26s %8s %8s\n", "", "in scope", "outside")
		fmt.Fprintf(out, "%-26s %8.1f %8s\n", "all accepted", 100*f.Accuracy, "-")
		if o := f.Outside; o != nil {
			fmt.Fprintf(out, "%-26s %8.1f %8.1f   joint %.1f, auroc %.3f\n", "balanced", 100*o.InScope, 100*o.Recall, 100*o.Joint, o.AUROC)
			fmt.Fprintf(out, "%-26s %8.1f %8s   precision %.1f\n", "at 2 % certified risk", 100*o.Coverage, "-", 100*o.Precision)
		}
		for _, other := range f.Others {
			recall := "-"
			if other.Recall > 0 {
				recall = fmt.Sprintf("%.1f", other.Recall)
			}
			fmt.Fprintf(out, "%-26s %8.1f %8s   published\n", other.Name, other.Accuracy, recall)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
