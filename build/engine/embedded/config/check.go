package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/containerd/v2/pkg/filters"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/pelletier/go-toml/v2"
)

// heeded are the keys of buildkitd.toml that the embedded engine heeds, and all below them. The
// others say where a buildkitd listens, who may talk to it, or how it is made.
var heeded = [][]string{
	{"registry"}, {"dns"}, {"history"}, {"system"},
	{"worker", "oci", "gc"}, {"worker", "oci", "gckeepstorage"}, {"worker", "oci", "gcpolicy"},
	{"worker", "oci", "reservedSpace"}, {"worker", "oci", "maxUsedSpace"}, {"worker", "oci", "minFreeSpace"},
	{"worker", "oci", "max-parallelism"},
	{"frontend", "gateway.v0", "allowedRepositories"},
}

// A checker finds what is wrong with a file that can be read.
type checker struct {
	*Config
	text    []byte
	remarks []Mistake
}

// keys finds the keys that BuildKit does not know and those that the embedded engine does not heed.
func (c *checker) keys() {
	decoder := toml.NewDecoder(bytes.NewReader(c.text)).DisallowUnknownFields()
	var unknown *toml.StrictMissingError
	var names []string
	if errors.As(decoder.Decode(new(config.Config)), &unknown) {
		for _, e := range unknown.Errors {
			line, _ := e.Position()
			name := strings.Join(e.Key(), ".")
			names = append(names, name)
			c.remarks = append(c.remarks, Mistake{c.File, line, fmt.Sprintf("BuildKit knows no key %s, and passes over it", name)})
		}
	}
	var all map[string]any
	if toml.Unmarshal(c.text, &all) == nil {
		c.unused(nil, all, names)
	}
}

// unused collects the keys of a table that are known, and not heeded.
func (c *checker) unused(path []string, table map[string]any, unknown []string) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		at := append(slices.Clone(path), name)
		key := strings.Join(at, ".")
		inner, isTable := table[name].(map[string]any)
		switch {
		case slices.Contains(unknown, key) || slices.ContainsFunc(heeded, func(h []string) bool { return begins(at, h) }):
		case isTable && slices.ContainsFunc(heeded, func(h []string) bool { return begins(h, at) }):
			c.unused(at, inner, unknown)
		default:
			c.Unused = append(c.Unused, key)
		}
	}
}

// begins says whether a key lies at or below another. The reader of TOML does not tell cases apart.
func begins(key, with []string) bool {
	return len(key) >= len(with) && slices.EqualFunc(key[:len(with)], with, strings.EqualFold)
}

// values finds what BuildKit would fail with later, or not take as it is meant.
func (c *checker) values() error {
	for _, host := range slices.Sorted(maps.Keys(c.Registries)) {
		if strings.Contains(host, "://") {
			c.note(host, fmt.Sprintf("a registry has no scheme: %q is no registry's name, and nothing comes of it", host))
		}
		if err := c.registry(host); err != nil {
			return err
		}
	}
	if c.DNS != nil {
		for _, server := range c.DNS.Nameservers {
			if _, err := netip.ParseAddr(server); err != nil {
				return c.mistake(server, fmt.Sprintf("the name server %q is no IP address", server))
			}
		}
	}
	for _, policy := range c.Workers.OCI.GCPolicy {
		for _, filter := range policy.Filters {
			if _, err := filters.Parse(filter); err != nil {
				return c.mistake(filter, fmt.Sprintf("the filter %q: %v", filter, err))
			}
		}
	}
	if c.System != nil {
		if n := c.System.MaxRegistryConcurrency; n != nil && *n <= 0 {
			return c.mistake("maxRegistryConcurrency", "maxRegistryConcurrency must be greater than 0")
		}
	}
	return nil
}

func (c *checker) registry(host string) error {
	r := c.Registries[host]
	for _, mirror := range r.Mirrors {
		if _, rest, has := strings.Cut(mirror, "://"); has {
			name, _, _ := strings.Cut(rest, "/")
			c.note(mirror, fmt.Sprintf("the scheme of the mirror %q counts for nothing: for one without TLS write %q, and `http = true` below [registry.%q]", mirror, rest, name))
		}
	}
	for _, file := range r.RootCAs {
		pem, err := readFile(file)
		if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
			err = errors.New("there is no certificate in it")
		}
		if err := c.file(file, "the certificate", err); err != nil {
			return err
		}
	}
	for _, pair := range r.KeyPairs {
		_, err := keyPair(pair.Certificate, pair.Key)
		if err := c.file(pair.Certificate, "the client's certificate", err); err != nil {
			return err
		}
	}
	return nil
}

// keyPair is a client's certificate with its key.
func keyPair(certificate, key string) (tls.Certificate, error) {
	cert, err := readFile(certificate)
	if err != nil {
		return tls.Certificate{}, err
	}
	secret, err := readFile(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, secret)
}

// file is the mistake of a file that a registry needs. One that is not for this user's eyes ends
// no builds that do not need the registry.
func (c *checker) file(path, what string, err error) error {
	if err == nil {
		return nil
	}
	why := err.Error()
	if at := (*fs.PathError)(nil); errors.As(err, &at) && at.Path == path {
		why = at.Err.Error()
	}
	text := fmt.Sprintf("%s %s: %s", what, path, why)
	if errors.Is(err, fs.ErrPermission) {
		c.note(path, text)
		return nil
	}
	return c.mistake(path, text)
}

func (c *checker) mistake(value, text string) error {
	return &Mistake{File: c.File, Line: c.lineOf(value), Text: text}
}

func (c *checker) note(value, text string) {
	c.remarks = append(c.remarks, Mistake{c.File, c.lineOf(value), text})
}

// lineOf is the first line that has a value, as a string or as a key; 0 if none is found.
func (c *checker) lineOf(value string) int {
	for _, form := range []string{strconv.Quote(value), "'" + value + "'", value} {
		if before, _, ok := bytes.Cut(c.text, []byte(form)); ok {
			return bytes.Count(before, []byte("\n")) + 1
		}
	}
	return 0
}

// trimmed takes off what says where in the program an error is from.
func trimmed(text string) string {
	text = strings.TrimPrefix(text, "failed to parse config: ")
	return strings.TrimPrefix(text, "toml: ")
}
