// Package mutants is clients and servers with one deliberate defect each, to show that the cases can fail: every mutant
// names the cases that must catch it, and the promise that each must find broken.
//
// A mutant is one of two compact sound programs, the client or the server of [Sound], with a single part replaced. All pass
// the plain exchange of 13 bytes, as programs with such defects do on their authors' machines.
package mutants

import (
	"slices"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// A Mutant is a target with one deliberate defect.
type Mutant struct {
	Name   string // unique; its target's name, too
	Defect string // completes "it …"
	Target targets.Target
	Caught []Catch
}

// A Catch is cases that must catch a mutant.
type Catch struct {
	Case     string   // an ID, or a pattern: each case that it matches must fail
	Promises []string // the promise that is found broken; one of them, where the defect shows in either way
}

// The five promises.
const (
	neverHang  = "never hang"
	neverLie   = "never lie"
	sayWhat    = "say what happened"
	reassemble = "reassemble"
	recovers   = "recover and contain"
)

// All is every mutant, each with state of its own.
func All() []Mutant {
	return slices.Concat(
		deadlineMutants(), wordMutants(), endMutants(), sessionMutants(), replyMutants(), textMutants(), frameClientMutants(), lineMutants(),
		serviceMutants(), streamMutants(), chunkMutants(), frameServerMutants(),
		httpClientMutants(), httpServerMutants(), gatewayMutants(), secureMutants(), peerMutants(),
		udpClientMutants(), udpServerMutants(),
	)
}

// Sound is the programs that the mutants are made of, without a defect: no case may catch one.
func Sound() []targets.Target {
	var all []targets.Target
	for _, p := range fixtures.Echoing() {
		all = append(all,
			soundClient(p).target("sound-"+string(p)+"-client"),
			soundServer(p).target("sound-"+string(p)+"-server"))
	}
	all = append(all, soundHTTPClient().target("sound-http-client"), soundHTTPServer().target("sound-http-server"), gateway{}.target("sound-gateway"))
	for _, t := range []targets.Target{
		soundClient(fixtures.FramedProtocol).target("sound-tls-client"), soundServer(fixtures.FramedProtocol).target("sound-tls-server"),
	} {
		t.TLS = true
		all = append(all, t)
	}
	all = append(all, soundUDPClient().target("sound-udp-client"), soundUDPServer().target("sound-udp-server"))
	return append(all, peerTarget("sound-peer", func(*peer) {}))
}

// by is the catches of several cases that must find the same promise broken.
func by(promise string, cases ...string) []Catch { return byEither([]string{promise}, cases...) }

// byEither is the catches of several cases that find one of the promises broken.
func byEither(promises []string, cases ...string) []Catch {
	var catches []Catch
	for _, c := range cases {
		catches = append(catches, Catch{Case: c, Promises: promises})
	}
	return catches
}

func newMutant(t targets.Target, does string, caught [][]Catch) Mutant {
	return Mutant{Name: t.Name, Defect: does, Target: t, Caught: slices.Concat(caught...)}
}
