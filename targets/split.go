package targets

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SplitCommand splits a command line into its arguments as a POSIX shell would, but for expansion: blanks separate, '…'
// is literal, in "…" a backslash escapes only " and \, and elsewhere it escapes any character. Nothing is run by a shell; a line
// that needs one (a pipe, a redirection) is an error that says so.
func SplitCommand(line string) ([]string, error) {
	var (
		args  []string
		arg   strings.Builder
		begun bool // an argument has begun, though it may be empty
		plain = true
		quote rune
	)
	end := func() error {
		if begun && plain && slices.Contains(shellWords, arg.String()) {
			return fmt.Errorf("%q is for a shell, and none is used: write sh -c '…'", arg.String())
		}
		if begun {
			args = append(args, arg.String())
		}
		arg.Reset()
		begun, plain = false, true
		return nil
	}
	runes := []rune(line)
	for i := 0; i < len(runes); i++ {
		r := runes[i]
		escapes := r == '\\' && quote != '\'' && i+1 < len(runes) &&
			(quote == 0 || runes[i+1] == '"' || runes[i+1] == '\\')
		switch {
		case escapes:
			i++
			arg.WriteRune(runes[i])
			begun, plain = true, false
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			arg.WriteRune(r)
		case r == '\'' || r == '"':
			quote, begun, plain = r, true, false
		case strings.ContainsRune(" \t\r\n", r):
			if err := end(); err != nil {
				return nil, err
			}
		default:
			arg.WriteRune(r)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	}
	if err := end(); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return nil, errors.New("is empty; give the program and its arguments")
	}
	return args, nil
}

// shellWords are words that only a shell understands.
var shellWords = []string{"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"}

// JoinCommand is the inverse of [SplitCommand]: a line that a POSIX shell takes for these arguments.
func JoinCommand(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if arg == "" || slices.Contains(shellWords, arg) || strings.ContainsAny(arg, " \t\r\n'\"\\$`*?[]#~|&;<>()!") {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
