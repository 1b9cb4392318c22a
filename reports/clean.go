package reports

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textLimit bounds every string of a report, in bytes; the middle of a longer one is left out.
const textLimit = 64 << 10

// Clean makes text that a target may have written safe to show in XML, JSON and a terminal: valid UTF-8 without control
// characters other than \n and \t, without characters that XML 1.0 forbids (§2.2) or that reorder a line (Unicode's
// Bidi_Control). What it takes out stays legible as an escape. Cleaning twice changes nothing.
func Clean(s string) string {
	s = shorten(s, textLimit)
	if strings.IndexFunc(s, unsafe) < 0 {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case !unsafe(r):
			b.WriteRune(r)
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			} else {
				b.WriteRune(r) // a replacement character that was there before
			}
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return shorten(b.String(), textLimit) // escapes are longer than what they stand for
}

func unsafe(r rune) bool {
	switch r {
	case '\n', '\t':
		return false
	case utf8.RuneError, 0xfffe, 0xffff:
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// shorten leaves out the middle of what is longer than limit bytes, which must be at least 100. More of the end is kept
// than of the beginning: there stands what a program said last.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	room := limit - 64 // for the sentence in the middle
	from, to := room/4, len(s)-room*3/4
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	return fmt.Sprintf("%s\n[%d bytes left out]\n%s", s[:from], to-from, s[to:])
}

// OneLine is [Clean] on one line, which no target can then begin: a CI's log takes some lines for commands.
func OneLine(s string) string { return oneLine(Clean(s)) }

// oneLine joins the lines of a text.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cleaned is a deep copy of the run with every string clean, with the files that its attachments make listed, and without the
// attachments that are not kept: what is derived of them could not be derived again.
func (r *Run) cleaned() *Run {
	safe := cleanValue(reflect.ValueOf(r)).Interface().(*Run)
	for _, res := range safe.all() {
		if len(res.Attachments) > 0 {
			res.Files = safe.files(res)
			if len(res.Files) == 0 {
				res.Attachments = nil
			}
		}
	}
	return safe
}

// cleanValue copies v. Bytes and unexported fields are shared with the original: nobody writes to them.
func cleanValue(v reflect.Value) reflect.Value {
	if !v.IsValid() {
		return v
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(Clean(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(cleanValue(v.Elem()))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(cleanValue(v.Elem()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(cleanValue(v.Field(i)))
			}
		}
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(cleanValue(v.Index(i)))
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(cleanValue(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMap(v.Type()))
		for key, value := range v.Seq2() {
			out.SetMapIndex(cleanValue(key), cleanValue(value))
		}
	}
	return out
}
