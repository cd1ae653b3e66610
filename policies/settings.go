package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"clanker/intents/strict"
)

// Settings are data.yaml as policies see it, at data.settings. See [SettingsSchema].
type Settings struct {
	Timezone  string              `json:"timezone" jsonschema_description:"Of input.local, hours and freezes: Europe/Berlin."`
	Groups    map[string][]string `json:"groups" jsonschema_description:"Who belongs to each group, by the IDs they are enrolled under; * is everybody who is enrolled."`
	Outside   []string            `json:"outside" jsonschema_description:"The environments outside production. Every other one, and one that is not known, counts as production."`
	Protected Protected           `json:"protected" jsonschema_description:"Where nothing changes without a second person."`
	Databases []string            `json:"databases" jsonschema_description:"The kinds of resources that hold data."`
	Limits    Limits              `json:"limits" jsonschema_description:"From where on a change is a large one."`
	Assurance Keys                `json:"assurance" jsonschema_description:"How hard keys must be to forge: 0 typed (development only), 1 software, 2 touched, 3 with PIN or finger, 4 on another machine."`
	Hours     Hours               `json:"hours" jsonschema_description:"When people are at work."`
	Freezes   []Freeze            `json:"freezes" jsonschema_description:"When nothing changes but by the group release."`
	Lists     map[string][]string `json:"lists,omitempty" jsonschema_description:"Lists of your own, for rules of your own."`
}

// Protected is where nothing changes without a second person.
type Protected struct {
	Namespaces []string `json:"namespaces"`
	Accounts   []string `json:"accounts" jsonschema_description:"Cloud accounts, projects, subscriptions."`
}

// Limits tell from where on a change is a large one.
type Limits struct {
	ScalePercent int `json:"scalePercent" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"Change of a number of replicas, in percent."`
	BlastRadius  int `json:"blastRadius" jsonschema:"minimum=1,maximum=100000" jsonschema_description:"Resources that one command touches."`
}

// Keys tell how hard to forge a key must be, see [Assurance].
type Keys struct {
	Write      int `json:"write" jsonschema:"minimum=0,maximum=4" jsonschema_description:"Changes outside production, and sensitive reads."`
	Production int `json:"production" jsonschema:"minimum=0,maximum=4"`
	Destroy    int `json:"destroy" jsonschema:"minimum=0,maximum=4" jsonschema_description:"The gate takes none below 1."`
	OffHours   int `json:"offHours" jsonschema:"minimum=0,maximum=4" jsonschema_description:"Changes of production while nobody is at work."`
	Workspace  int `json:"workspace" jsonschema:"minimum=0,maximum=4" jsonschema_description:"Changes of who may approve what."`
}

// Hours are when people are at work.
type Hours struct {
	Days []string `json:"days" jsonschema:"enum=monday,enum=tuesday,enum=wednesday,enum=thursday,enum=friday,enum=saturday,enum=sunday"`
	From int      `json:"from" jsonschema:"minimum=0,maximum=23" jsonschema_description:"The first hour of work."`
	To   int      `json:"to" jsonschema:"minimum=1,maximum=24" jsonschema_description:"The first hour after work."`
}

// Freeze is a time in which nothing changes. Policies see its ends as seconds since 1970, as input.time.unix is.
type Freeze struct {
	Name string `json:"name"`
	From int64  `json:"from"`
	To   int64  `json:"to" jsonschema_description:"The first second after it."`
}

// everybody is the member of a group that stands for all who are enrolled.
const everybody = "*"

var weekdays = [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// settingsReader reads data.yaml.
type settingsReader struct {
	*strict.Reader
	settings Settings
	zone     *time.Location
	freezes  []frozen
}

// frozen is a freeze whose ends wait for the time zone.
type frozen struct{ name, from, to strict.Scalar }

// readSettings reads data.yaml. Every key but lists must be there: what a file leaves out would be protected no more.
func readSettings(content []byte, faults *strict.Errors) (Settings, *time.Location) {
	r := &settingsReader{zone: time.UTC, Reader: &strict.Reader{File: DataFile, Manual: `see "clanker policies schema data"`, Faults: faults}}
	top := r.Parse(content)
	if top == nil {
		if len(*faults) == 0 {
			r.Fault(strict.Position{File: DataFile}, "", "begin with the built-in one", "there is nothing in it")
		}
		return r.settings, r.zone
	}
	s := &r.settings
	r.block("", top, []strict.Field{
		{Name: "timezone", Read: r.timezone}, {Name: "groups", Read: r.lists(&s.Groups)}, {Name: "outside", Read: r.texts(&s.Outside)},
		{Name: "protected", Read: r.protected}, {Name: "databases", Read: r.texts(&s.Databases)}, {Name: "limits", Read: r.limits},
		{Name: "assurance", Read: r.assurance},
		{Name: "hours", Read: r.hours}, {Name: "freezes", Read: r.freeze}, {Name: "lists", Read: r.lists(&s.Lists)},
	}, "lists")
	s.Freezes = []Freeze{}
	for _, f := range r.freezes {
		s.Freezes = append(s.Freezes, r.ends(f))
	}
	return r.settings, r.zone
}

// block reads a mapping that must have all keys but the optional ones.
func (r *settingsReader) block(where string, node ast.Node, fields []strict.Field, optional ...string) {
	seen := optional
	for i, field := range fields {
		fields[i].Read = func(where string, node ast.Node) {
			seen = append(seen, field.Name)
			field.Read(where, node)
		}
	}
	r.Mapping(where, node, fields)
	for _, field := range fields {
		if !slices.Contains(seen, field.Name) {
			r.Fault(r.Pos(node), where, "write it down, empty if there is nothing to say", "the key %q is missing", field.Name)
		}
	}
}

func (r *settingsReader) timezone(where string, node ast.Node) {
	name, ok := r.String(where, node)
	zone, err := time.LoadLocation(name.Text)
	if ok && (err != nil || name.Text == "" || name.Text == "Local") {
		r.Fault(name.Pos, where, "use a name such as UTC or Europe/Berlin", "this machine knows no time zone %q", name.Text)
	} else if ok {
		r.settings.Timezone, r.zone = name.Text, zone
	}
}

// texts reads a list of texts that is really a list.
func (r *settingsReader) texts(into *[]string) func(string, ast.Node) {
	return func(where string, node ast.Node) {
		*into = []string{}
		for _, item := range r.Items(where, node, false) {
			if text, ok := r.String(where, item); ok && slices.Contains(*into, text.Text) {
				r.Fault(text.Pos, where, "keep one of them", "%q is in the list twice", text.Text)
			} else if ok && strings.TrimSpace(text.Text) == "" {
				r.Fault(text.Pos, where, "", "an empty text")
			} else if ok {
				*into = append(*into, text.Text)
			}
		}
	}
}

// lists reads lists by names of a user's choice.
func (r *settingsReader) lists(into *map[string][]string) func(string, ast.Node) {
	return func(where string, node ast.Node) {
		*into = map[string][]string{}
		r.Entries(where, node, func(key strict.Scalar, value ast.Node) {
			var members []string
			r.texts(&members)(strict.Join(where, key.Text), value)
			(*into)[key.Text] = members
		})
	}
}

func (r *settingsReader) protected(where string, node ast.Node) {
	p := &r.settings.Protected
	r.block(where, node, []strict.Field{{Name: "namespaces", Read: r.texts(&p.Namespaces)}, {Name: "accounts", Read: r.texts(&p.Accounts)}})
}

func (r *settingsReader) limits(where string, node ast.Node) {
	l := &r.settings.Limits
	r.block(where, node, []strict.Field{
		{Name: "scalePercent", Read: r.number(&l.ScalePercent, 1, 1000)}, {Name: "blastRadius", Read: r.number(&l.BlastRadius, 1, 100000)},
	})
}

func (r *settingsReader) assurance(where string, node ast.Node) {
	k := &r.settings.Assurance
	level := func(into *int) func(string, ast.Node) {
		return r.number(into, int(AssuranceTerminal), int(AssuranceElsewhere))
	}
	r.block(where, node, []strict.Field{
		{Name: "write", Read: level(&k.Write)}, {Name: "production", Read: level(&k.Production)}, {Name: "destroy", Read: level(&k.Destroy)},
		{Name: "offHours", Read: level(&k.OffHours)}, {Name: "workspace", Read: level(&k.Workspace)},
	})
}

func (r *settingsReader) hours(where string, node ast.Node) {
	h := &r.settings.Hours
	r.block(where, node, []strict.Field{
		{Name: "days", Read: r.days}, {Name: "from", Read: r.number(&h.From, 0, 23)}, {Name: "to", Read: r.number(&h.To, 1, 24)},
	})
	if h.To != 0 && h.From >= h.To {
		r.Fault(r.Pos(node), where, "end later than it begins, for instance from: 8, to: 18", "from %d to %d is no time at all", h.From, h.To)
	}
}

func (r *settingsReader) days(where string, node ast.Node) {
	r.settings.Hours.Days = []string{}
	for _, item := range r.Items(where, node, false) {
		day, ok := r.String(where, item)
		if ok && !slices.Contains(weekdays[:], day.Text) {
			r.Fault(day.Pos, where, strict.Suggest(day.Text, "", weekdays[:]), "%q is no weekday", day.Text)
		} else if ok {
			r.settings.Hours.Days = append(r.settings.Hours.Days, day.Text)
		}
	}
}

func (r *settingsReader) number(into *int, least, most int) func(string, ast.Node) {
	return func(where string, node ast.Node) {
		n, pos, ok := r.Int(where, node)
		if ok && (n < least || n > most) {
			r.Fault(pos, where, "", "%d is not between %d and %d", n, least, most)
		} else if ok {
			*into = n
		}
	}
}

func (r *settingsReader) freeze(where string, node ast.Node) {
	for _, item := range r.Items(where, node, false) {
		var f frozen
		into := func(target *strict.Scalar) func(string, ast.Node) {
			return func(where string, node ast.Node) { *target, _ = r.String(where, node) }
		}
		r.block(where, item, []strict.Field{{Name: "name", Read: into(&f.name)}, {Name: "from", Read: into(&f.from)}, {Name: "to", Read: into(&f.to)}})
		r.freezes = append(r.freezes, f)
	}
}

// ends reads when a freeze begins and ends.
func (r *settingsReader) ends(f frozen) Freeze {
	from, to := r.moment(f.from), r.moment(f.to)
	if f.name.Text == "" && f.name.Pos.Line > 0 {
		r.Fault(f.name.Pos, "freezes.name", "", "an empty text")
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		r.Fault(f.to.Pos, "freezes.to", "end later than it begins", "the freeze %q ends before it begins", f.name.Text)
	}
	return Freeze{Name: f.name.Text, From: from.Unix(), To: to.Unix()}
}

func (r *settingsReader) moment(text strict.Scalar) time.Time {
	const form = "2006-01-02 15:04"
	t, err := time.ParseInLocation(form, text.Text, r.zone)
	if err != nil && text.Pos.Line > 0 { // else it is missing, and that was said
		r.Fault(text.Pos, "freezes", fmt.Sprintf("write it as %s, in the time zone of the file", form), "%q is no time", text.Text)
	}
	return t
}

// members returns who belongs to a group, and whether it is everybody who is enrolled. The empty name is everybody.
func (s Settings) members(group string) (members []string, all, known bool) {
	if group == "" {
		return nil, true, true
	}
	members, known = s.Groups[group]
	return members, slices.Contains(members, everybody), known
}
