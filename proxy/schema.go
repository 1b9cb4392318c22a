package proxy

import (
	"encoding/json"
	"maps"
	"slices"
)

// Schema is the JSON Schema (2020-12) of a plan's text form, for editors and for other programs that write plans. It says what
// [ParsePlan] takes, but for what a schema cannot: numbers that depend on each other, and names that stand twice.
// plan.schema.json is its published form.
func Schema() []byte {
	var faults []any
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		faults = append(faults, kinds[name].schema(name))
	}
	plan := object{
		"type": "object", "additionalProperties": false,
		"properties": object{
			"version": object{"enum": []any{1, "1"}, "description": "of this text form"},
			"seed":    object{"type": "integer", "minimum": 0, "description": "decides toxicity, jitter and where variations cut"},
			"faults":  object{"type": "array", "items": object{"$ref": "#/$defs/fault"}},
		},
	}
	text, err := json.MarshalIndent(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Faultwire plan",
		"description": "A seed and the faults it decides for. A single fault, or a list of faults, is a plan, too; each has the " +
			"shape of a Toxiproxy toxic.",
		"anyOf": []any{plan, object{"type": "array", "items": object{"$ref": "#/$defs/fault"}}, object{"$ref": "#/$defs/fault"}},
		"$defs": object{"fault": object{"oneOf": faults}},
	}, "", "  ")
	if err != nil {
		panic(err) // plain data
	}
	return append(text, '\n')
}

type object = map[string]any

// schema is that of a fault of this kind: of either medium, where it is another in each.
func (k kind) schema(name string) object {
	if k.alike() {
		return k.schemaOver(k.media()[0], name)
	}
	return object{"anyOf": []any{k.schemaOver(streams, name), k.schemaOver(datagrams, name)}}
}

func (k kind) schemaOver(m medium, name string) object {
	number := func(least, most int64, what string) object {
		n := object{"type": "integer", "minimum": least, "maximum": most}
		if what != "" {
			n["description"] = what
		}
		return n
	}
	stream := object{"enum": []any{"upstream", "downstream"}, "default": "downstream"}
	p := object{
		"type": object{"const": name}, "name": object{"type": "string"}, "stream": stream,
		"toxicity": object{"type": "number", "minimum": 0, "maximum": 1, "default": 1,
			"description": "chance to strike a connection, decided once a connection"},
		"connection": object{"type": "integer", "minimum": 0, "description": "the one to strike, from 1; 0 is all"},
	}
	required := []any{"type"}
	attributes, needed := object{}, []any{}
	for _, a := range k.attributes {
		if a.over != 0 && a.over&m == 0 {
			continue
		}
		attributes[a.name] = number(a.min, a.max, a.unit)
		if a.required {
			needed = append(needed, a.name)
		}
	}
	p["attributes"] = object{"type": "object", "properties": attributes, "additionalProperties": false, "required": needed}
	if len(needed) > 0 {
		required = append(required, "attributes")
	}
	if k.data {
		p["data"] = object{"type": "string", "minLength": 1, "description": "text, or hexadecimal digits behind hex:"}
		required = append(required, "data")
	}
	if m == datagrams {
		k.count(p, number)
	} else {
		k.trigger(p, number)
	}
	return object{"type": "object", "additionalProperties": false, "properties": p, "required": required}
}

// count is how a fault of datagrams begins and ends.
func (k kind) count(p object, number func(least, most int64, what string) object) {
	if !k.begins {
		return
	}
	p["trigger"] = object{"type": "object", "additionalProperties": false, "properties": object{
		"datagram": number(0, unlimited, "the first that it strikes, from 1"),
		"time":     number(0, day, "ms since the client's first datagram"),
	}, "not": object{"required": []any{"time", "datagram"}}}
	p["until"] = object{"type": "object", "additionalProperties": false, "minProperties": 1, "properties": object{
		"datagram": number(2, unlimited, "the first that it spares"),
		"for":      number(1, day, "ms since it began"),
	}}
}

// trigger is how a fault of streams begins and ends.
func (k kind) trigger(p object, number func(least, most int64, what string) object) {
	if k.begins {
		at := object{
			"byte":  number(0, unlimited, "payload bytes of the stream that pass first"),
			"time":  number(0, day, "ms since the connection was accepted"),
			"match": object{"type": "string", "minLength": 1, "description": "begins behind these bytes; text, or hexadecimal digits behind hex:"},
		}
		if k.strikes {
			at["opposite"] = number(0, unlimited, "payload bytes that must have passed the other way")
		}
		p["trigger"] = object{"type": "object", "additionalProperties": false, "properties": at,
			"not": object{"required": []any{"time", "match"}}}
	}
	if k.ends != endless {
		until := object{"for": number(0, day, "ms since it began")}
		if k.ends == atByteToo {
			until["byte"] = number(0, unlimited, "of the stream: the first that is spared")
		}
		p["until"] = object{"type": "object", "additionalProperties": false, "properties": until, "minProperties": 1}
	}
}
