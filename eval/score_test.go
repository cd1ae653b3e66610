package eval

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// asked is a question in short: where it belongs, where it went and how surely.
func asked(want, topic, intent string, score float64) outcome {
	c := Case{Topic: want}
	p := Prediction{Routed: topic != "", Topic: topic, Intent: intent, Score: score}
	return outcome{c, p, c.Judge(p)}
}

// ten questions: of eight in scope five are right, one is wrong, two are missed; of two out of scope one is taken.
func ten() []outcome {
	return []outcome{
		asked("health", "health", "health.of", 1), asked("health", "health", "health.of", 1), asked("health", "cost", "cost.idle", 0.9),
		asked("health", "", "", 0), asked("cost", "cost", "cost.idle", 0.8), asked("cost", "cost", "cost.idle", 0.8),
		asked("cost", "", "", 0), asked("logs", "logs", "logs.of", 0.8), asked(Abstain, "health", "health.of", 0.5), asked(Abstain, "", "", 0),
	}
}

func TestFigures(t *testing.T) {
	f := figures(ten())
	assert.Equal(t, []int{10, 8, 2, 5, 1, 2, 1}, []int{f.Questions, f.InScope, f.OutOfScope, f.Right, f.Wrong, f.Missed, f.Taken})
	assert.Equal(t, new(0.625), f.Answered)          // 5/8
	assert.Equal(t, new(0.75), f.Coverage)           // 6/8
	assert.Equal(t, new(0.7143), f.Precision)        // 5/7
	assert.Equal(t, new(0.8333), f.TopicRight)       // 5/6
	assert.Equal(t, new(0.125), f.Misrouted)         // 1/8
	assert.Equal(t, new(0.5), f.OutOfScopeRecall)    // 1/2
	assert.Nil(t, f.SlotF1)                          // no case gives slots
	assert.Equal(t, new(0.8125), f.AUROC)            // of 16 pairs 12 right and 2 even
	assert.Equal(t, new(0.2857), f.CalibrationError) // |0.5-0| + |2.4-3| + |2.9-2|, of 7
}

func TestFiguresOfNothing(t *testing.T) {
	assert.Equal(t, Figures{}, figures(nil))
	assert.Empty(t, curve(nil))
}

func TestAnIntentMustBeTheOneThatIsNamed(t *testing.T) {
	c := Case{Topic: "health", Intent: "health.of"}
	other := Prediction{Routed: true, Topic: "health", Intent: "health.kind"}
	assert.Equal(t, Wrong, c.Judge(other))
	f := figures([]outcome{{c, other, Wrong}})
	assert.Equal(t, new(1.0), f.TopicRight)
	assert.Equal(t, new(0.0), f.Precision)
}

func TestSlotF1(t *testing.T) {
	c := Case{Topic: "health", Slots: map[string]string{"service": "a", "percent": "0.8"}}
	read := func(slots map[string]string) outcome {
		p := Prediction{Routed: true, Topic: "health", Slots: slots}
		return outcome{c, p, c.Judge(p)}
	}
	// expected 4, found 3, right 2: precision 2/3, recall 2/4, so 4/7
	f := figures([]outcome{read(map[string]string{"service": "a", "percent": "0.8", "extra": "x"}), read(nil)})
	assert.Equal(t, new(0.5714), f.SlotF1)
	// what is not routed rightly counts elsewhere
	missed := outcome{c, Prediction{}, Missed}
	assert.Nil(t, figures([]outcome{missed}).SlotF1)
}

func TestTopicClasses(t *testing.T) {
	assert.Equal(t, []Class{
		{"cost", 3, 3, 1, 1, new(0.6667), new(0.6667), new(0.6667)},
		{"health", 4, 3, 2, 1, new(0.6667), new(0.5), new(0.5714)}, // 2*2/(4+3)
		{"logs", 1, 1, 0, 0, new(1.0), new(1.0), new(1.0)},
	}, topicClasses(ten()))
}

func TestIntentClasses(t *testing.T) {
	named := Case{Topic: "health", Intent: "health.kind"}
	went := Prediction{Routed: true, Topic: "health", Intent: "health.of"}
	all := intentClasses(append(ten(), outcome{named, went, Wrong}))
	assert.Equal(t, Class{"health.of", 0, 4, 0, 2, new(0.5), nil, nil}, all[2])
	assert.Equal(t, Class{"health.kind", 1, 0, 1, 0, nil, new(0.0), new(0.0)}, all[1])
	var names []string
	for _, c := range worst(all) {
		names = append(names, c.Name)
	}
	assert.Equal(t, []string{"health.of", "cost.idle", "health.kind"}, names, "taken first, then lost; logs.of is without fault")
}

func TestConfusion(t *testing.T) {
	assert.Equal(t, []Cell{{Abstain, Abstain, 1}, {Abstain, "health", 1}, {"cost", Abstain, 1}, {"cost", "cost", 2},
		{"health", Abstain, 1}, {"health", "cost", 1}, {"health", "health", 2}, {"logs", "logs", 1}}, topicConfusion(ten()))
	assert.Equal(t, []Cell{{Abstain, "health.of", 1}, {"health", "cost.idle", 1}}, intentConfusion(ten()))
	named := asked("health", "health", "health.of", 1)
	named.want.Intent = "health.of"
	all := intentConfusion(append(ten(), named, named))
	assert.Contains(t, all, Cell{"health.of", "health.of", 2}, "what is right, if the case names the intent")
	assert.Equal(t, []Cell{{Abstain, "health.of", 1}, {"health", "cost.idle", 1}}, confused(all))
}

func TestCurve(t *testing.T) {
	assert.Equal(t, []Point{{1, 0.2, 0}, {0.9, 0.3, 0.3333}, {0.8, 0.6, 0.1667}, {0.5, 0.7, 0.2857}}, curve(ten()))
}

func TestAUROC(t *testing.T) {
	in := func(score float64) outcome { return asked("health", "health", "x", score) }
	out := func(score float64) outcome { return asked(Abstain, "health", "x", score) }
	assert.Equal(t, new(1.0), auroc([]outcome{in(0.9), in(0.8), out(0.7)}))
	assert.Equal(t, new(0.0), auroc([]outcome{in(0.1), out(0.7)}))
	assert.Equal(t, new(0.5), auroc([]outcome{in(1), out(1)}), "scores that are the same tell nothing")
	assert.Nil(t, auroc([]outcome{in(1)}))
}

func TestCalibrationError(t *testing.T) {
	// two bins: 0.8 twice, one right: |1.6-1| = 0.6; 1.0 and 0.95, both right: |1.95-2| = 0.05; of four
	assert.Equal(t, new(0.1625), calibrationError([]outcome{asked("a", "a", "x", 0.8), asked("a", "b", "x", 0.8),
		asked("a", "a", "x", 1), asked("a", "a", "x", 0.95), asked("a", "", "", 0)}))
	assert.Nil(t, calibrationError([]outcome{asked("a", "", "", 0)}))
}
