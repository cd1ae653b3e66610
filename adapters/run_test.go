package adapters_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// shows is a runner whose plans have this preview.
type shows string

func (shows) Tools() []string { return []string{"kubectl"} }

func (s shows) Plan(context.Context, adapters.Command) (adapters.Plan, error) {
	return adapters.Plan{Preview: adapters.Preview{Kind: adapters.PreviewDiff, Text: string(s)}}, nil
}

func (shows) Run(context.Context, adapters.Plan, func(adapters.Output)) (adapters.Outcome, error) {
	return adapters.Outcome{}, nil
}

func TestAMaskHidesNoLineOfAPreview(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"an open quote":          {"+  note: 'password: \"'\n+  privileged: true\n+  end: '\"'\n", ""},
		"an open bracket":        {"tags.a: \"token: [\"\n- aws_db.main\ntags.b: \"]\"\n", ""},
		"an open brace":          {"secret = {\nprivileged: true\n}\n", ""},
		"a key that never ends":  {"+  -----BEGIN PRIVATE KEY-----: x\n+  privileged: true\n", ""},
		"the name of a key":      {"+alice: ssh \"password:\" SHA256:x\n+bob: ssh \"a key\" SHA256:y\n", ""},
		"a secret on its line":   {"+  password: hunter22\n+  privileged: true\n", "+  password: [redacted]\n+  privileged: true\n"},
		"a value under its name": {"- name: DB_PASSWORD\n  value: hunter22\n", "- name: DB_PASSWORD\n  value: [redacted]\n"},
	} {
		w := &adapters.Workspace{Runners: []adapters.Runner{shows(test.text)}}
		plan, err := w.Plan(t.Context(), adapters.Command{Tool: "kubectl"})
		if test.want == "" {
			assert.ErrorContains(t, err, "nobody would see what changes", name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, test.want, plan.Preview.Text, name)
	}
}
