package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clanker/intents/strict"
	"clanker/server/store"
)

// problem is what is wrong with a value and what to write instead; without a message nothing is.
type problem struct{ message, remedy string }

// remedy says what the key takes.
func (k Key) remedy() string {
	switch k.Type {
	case Address:
		return "write host:port on loopback, for instance " + k.Default
	case Word:
		return "write one of: " + strings.Join(k.Words, ", ")
	case Number:
		return fmt.Sprintf("write a whole number from %d to %d (%s)", k.Min, k.Max, k.Unit)
	case Switch:
		return "write true or false"
	case Path:
		return "write a path, for instance " + k.Example
	case Paths:
		return "write a list of paths, for instance " + k.Example
	case Names:
		return "write a list of user names, for instance " + k.Example
	case Shared:
		return "write an address without a password, for instance " + k.Example
	case ModelRef:
		return "write provider/model or an alias, for instance " + k.Example
	case Aliases:
		return "write a list of NAME=PROVIDER/MODEL, for instance " + k.Example
	case URL:
		return "write https://HOST or http://HOST, with a path if it takes one, and no user, password or query"
	default:
		return "write {file: PATH}, {env: NAME} or {command: [PROGRAM, ARGUMENT]}"
	}
}

// set gives the key a value from outside the file. Of several texts a list takes all, everything else the last.
func (k Key) set(c *Config, texts ...string) (p problem) {
	last := texts[len(texts)-1]
	switch to := k.field(c).(type) {
	case *string:
		*to, p = k.text(last, "")
	case *[]string:
		*to = nil
		for _, text := range texts {
			path, wrong := k.text(text, "")
			if *to = append(*to, path); wrong.message != "" {
				p = wrong
			}
		}
	case *Secret:
		*to = Secret{}
		to.File, p = expand(last, "")
	case *int:
		number, err := strconv.Atoi(last)
		if *to, p = number, k.number(number); err != nil || strconv.Itoa(number) != last {
			p = problem{fmt.Sprintf("%q is not a plain whole number", last), k.remedy()}
		}
	case *bool:
		if *to = last == "true"; last != "true" && last != "false" {
			p = problem{fmt.Sprintf("%q is neither true nor false", last), k.remedy()}
		}
	}
	return p
}

// text checks a text for what the key takes and returns what it stands for.
func (k Key) text(text, base string) (string, problem) {
	switch k.Type {
	case Address:
		return text, address(text)
	case Word:
		if !slices.Contains(k.Words, text) {
			return "", problem{fmt.Sprintf("unknown word %q", text), strict.Suggest(text, "", k.Words)}
		}
		return text, problem{}
	case Names:
		return text, userName(text)
	case Shared:
		if err := store.CheckDatabase(text); err != nil || text == "" {
			return "", problem{cmp.Or(err, errors.New("the address is empty")).Error(), k.remedy()}
		}
		return text, problem{}
	case ModelRef:
		return text, k.names(text, modelRefPattern, text)
	case Aliases:
		_, ref := partAlias(text)
		return text, k.names(text, aliasPattern, ref)
	case URL:
		return text, k.webAddress(text)
	default:
		return expand(text, base)
	}
}

// userName holds a value to what a user of a Unix system may be called, or to a number.
func userName(text string) problem {
	if !regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}\$?$`).MatchString(text) {
		return problem{fmt.Sprintf("%q cannot be the name of a user", text), "write names as id -un prints them"}
	}
	return problem{}
}

func (k Key) number(n int) problem {
	if n < k.Min || n > k.Max {
		return problem{fmt.Sprintf("%d is out of range", n), k.remedy()}
	}
	return problem{}
}

// address holds a value to what server.Listen takes, so that "clanker config check" tells before serving does.
func address(text string) problem {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return problem{fmt.Sprintf("%q is no address", text), "write host:port, for instance 127.0.0.1:39393"}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return problem{fmt.Sprintf("%q has no port from 0 to 65535", text), "write host:port, for instance 127.0.0.1:39393"}
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return problem{fmt.Sprintf("%q: only loopback addresses are served, because whoever reaches the port asks with this machine's credentials", text),
			fmt.Sprintf("write 127.0.0.1:%s, or reach it from elsewhere through an SSH tunnel", port)}
	}
	return problem{}
}

// expand replaces ~/ by the home folder and, if there is a base, counts relative paths from it.
func expand(path, base string) (string, problem) {
	if path == "" {
		return "", problem{"the path is empty", "write a path, or nothing at all"}
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", problem{fmt.Sprintf("%q: %v", path, err), "write the whole path"}
		}
		return filepath.Join(home, rest), problem{}
	}
	if strings.HasPrefix(path, "~") { // a shell knows more homes
		return "", problem{fmt.Sprintf("%q: ~ stands for your home folder before a / only", path), "write ~/ and a path below it, or ./ before a name that begins so"}
	}
	if base != "" && !filepath.IsAbs(path) {
		return filepath.Join(base, path), problem{}
	}
	return path, problem{}
}

// variablePattern is what an environment variable may be called.
const variablePattern = `^[A-Za-z_][A-Za-z0-9_]*$`

func variableName(text string) problem {
	if !regexp.MustCompile(variablePattern).MatchString(text) {
		return problem{"that cannot be the name of an environment variable", "write its name, for instance {env: CLANKER_TOKEN}"}
	}
	return problem{}
}
