package tlsx

import (
	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/suites/cases"
)

var _ = cases.RegisterFamily("is", []fixtures.Certificate{fixtures.Expired, fixtures.SelfSigned, fixtures.WrongName, fixtures.Stranger}, func(is fixtures.Certificate) cases.Case {
	basis := cases.Norm("RFC 5280", `§6.1: a path is valid only if each certificate was issued by a trusted authority and the current time is within its validity period`)
	if is == fixtures.WrongName {
		basis = cases.Norm("RFC 9110", `§4.3.4: "the client MUST verify that the service's identity is an acceptable match for the URI's origin server"; RFC 9525 §6 for other protocols`)
	}
	return cases.Case{
		ID:       "tls.certificate.refused",
		Title:    "sends nothing to a server whose certificate is " + map[fixtures.Certificate]string{fixtures.Expired: "expired", fixtures.SelfSigned: "signed by itself", fixtures.WrongName: "another's", fixtures.Stranger: "of an authority that it does not know"}[is],
		Level:    cases.Must,
		Quick:    is == fixtures.WrongName,
		Role:     cases.Client,
		Speaks:   cases.Connections,
		Basis:    basis,
		Since:    "0.1",
		Shown:    is,
		Exchange: fixtures.Echo(1000),
		Expect:   cases.And(cases.HaveFailed(), cases.HaveTrustedNobody()),
		Why: "Encryption alone keeps nobody out: whoever sits in between can encrypt, too. Only the certificate says who is at the other end. " +
			"Switched off \"for the test\", the check is forgotten, and from then on the program tells its passwords to anybody who asks " +
			"with a certificate made in a minute.",
		Fix: "Go: no InsecureSkipVerify; your own authority belongs into tls.Config.RootCAs.\n" +
			"Python: ssl.create_default_context(cafile=…), no check_hostname = False, no verify=False.\n" +
			"Node: no rejectUnauthorized: false; ca: [pem], or NODE_EXTRA_CA_CERTS.\n" +
			"Java: no TrustManager that accepts everything; SSLParameters.setEndpointIdentificationAlgorithm(\"HTTPS\") on a bare SSLSocket.",
	}
})
