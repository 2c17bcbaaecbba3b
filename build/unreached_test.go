package build

import "testing"

func TestUnreachedIn(t *testing.T) {
	for text, want := range map[string]unreached{
		`failed to resolve source metadata for docker.io/docker/dockerfile:1: failed to do request: Head "https://registry-1.docker.io/v2/docker/dockerfile/manifests/1": dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: no such host`:                       {"registry-1.docker.io", "dial tcp: lookup registry-1.docker.io on 127.0.0.53:53: no such host", "docker.io/docker/dockerfile:1"},
		`registry.test:5000/a: failed to do request: Head https://registry.test:5000/v2/a/manifests/latest: dial tcp 192.0.2.1:5000: i/o timeout`:                                                                                                                     {"registry.test:5000", "dial tcp 192.0.2.1:5000: i/o timeout", "registry.test:5000/a:latest"},
		`failed to resolve source metadata for a.test/b@sha256:00: failed to authorize: failed to fetch anonymous token: Get "https://auth.test/token?scope=repository%3Ab%3Apull": tls: failed to verify certificate: x509: certificate signed by unknown authority`: {"auth.test", "tls: failed to verify certificate: x509: certificate signed by unknown authority", "a.test/b@sha256:00"},
		`failed to load cache key: Get "http://files.test/a.tar": dial tcp: lookup files.test: no such host`:                                                                                                                                                          {},
		`failed to resolve source metadata for docker.io/library/a:b: docker.io/library/a:b: not found`:                                                                                                                                                               {},
		`failed to do request: Head "https://registry-1.docker.io/v2/library/a/manifests/b": 429 Too Many Requests: toomanyrequests: rate limit`:                                                                                                                      {},
	} {
		if got, ok := unreachedIn(text); got != want || ok != (want.host != "") {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestServes(t *testing.T) {
	for image, want := range map[string]bool{
		"docker/dockerfile":               true,
		"docker/dockerfile:latest":        true,
		"docker/dockerfile:1":             true,
		"docker.io/docker/dockerfile:1.9": true,
		"docker/dockerfile:1.28":          true,
		"docker/dockerfile:1.28.3":        true,
		"docker/dockerfile:1.29":          false,
		"docker/dockerfile:2":             false,
		"docker/dockerfile:1-labs":        false,
		"docker/dockerfile:master":        false,
		"docker/dockerfile-upstream:1":    false,
		"mirror.test/docker/dockerfile:1": false,
		"docker/dockerfile:1@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": false,
		"": false,
	} {
		if got := serves("1.28.0", image); got != want {
			t.Errorf("%s: %v", image, got)
		}
	}
	if serves("", "docker/dockerfile:1") {
		t.Error("a front end that is not known serves")
	}
}
