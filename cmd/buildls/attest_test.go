package main

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// An attested image says what it is made of and how; where nothing could hold that, it
// is refused by name before the build starts.
func TestAttest(t *testing.T) {
	registry := enginetest.Registry(t)
	scanner := registry + "/scanner:a"
	pushScanner(t, scanner)
	containerd := dockerSite(enginetest.ContainerdDocker(t), "28")
	containerd.name, containerd.store = "containerd", false
	test := func(t *testing.T, s site) {
		dir := workspace(t, "Dockerfile", base(t)+"RUN echo attested >/made\n")
		o := outputs{t, s, edit(t, s.env, dir), dir}
		tag := registry + "/attested-" + s.name + ":a"
		fields := map[string]any{"push": true, "tags": []string{tag}, "attest": []string{"type=provenance,mode=max", "type=sbom,generator=" + scanner}}
		if s.store {
			delete(fields, "push")
			o.try("cannot keep attestations", fields)
			fields["attest"] = []string{"type=provenance,disabled=true"}
			o.try("", fields)
			return
		}
		o.try("", fields)
		found := attestations(t, tag)
		if len(found) != 2 || !strings.Contains(found[sbom], "made by the scanner of a test") || !strings.Contains(found[provenance], "llbDefinition") {
			t.Errorf("%v", found)
		}
		fields = o.of(output("docker", "a.tar"))
		fields["attest"] = []string{"type=provenance"}
		o.try("cannot hold attestations", fields)
		o.e.Shutdown()
	}
	onEachEngine(t, test)
	t.Run("containerd", func(t *testing.T) { test(t, containerd) })
}

// pushScanner pushes an SBOM generator (BuildKit's docs/attestations/sbom-protocol.md).
func pushScanner(t *testing.T, tag string) {
	t.Helper()
	dir := workspace(t, "Dockerfile", base(t)+"COPY --chmod=755 scan /\nENTRYPOINT [\"/scan\"]\n", "scan", `#!/bin/sh
cat >$BUILDKIT_SCAN_DESTINATION/$(basename $BUILDKIT_SCAN_SOURCE).spdx.json <<END
{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://spdx.dev/Document",
 "predicate": {"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "name": "made by the scanner of a test"}}
END
`)
	if out, err := program(t, buildkitdSite(enginetest.Buildkitd(t)).env, "build", "--push", "-t", tag, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// The default is that of `docker buildx build`, and none where that would not build.
func TestDefaultProvenance(t *testing.T) {
	buildkitd, docker := enginetest.Buildkitd(t), enginetest.ContainerdDocker(t)
	config := newDockerConfig(t)
	config.docker(docker.Address, "buildx", "create", "--name", "far", "--driver", "remote", buildkitd.Address)
	env := []string{"DOCKER_CONFIG=" + config.dir, "DOCKER_HOST=" + docker.Address}
	dir := workspace(t, "Dockerfile", base(t)+"RUN echo default >/made\n")
	for _, c := range []struct {
		engine string
		peer   []string // the same in a terminal; nil: buildctl, which adds none
	}{
		{"docker", []string{"buildx", "build", "--builder", "default"}},
		{"builder:far", []string{"buildx", "build", "--builder", "far"}},
		{buildkitd.Address, nil},
	} {
		name := strings.NewReplacer(":", "-", "/", "-").Replace(strings.ToLower(c.engine))
		tag := func(who string) string { return enginetest.Registry(t) + "/default-" + who + ":" + name }
		for _, flags := range [][]string{nil, {"--provenance=false"}, {"--provenance", "mode=max"}, {"--attest", "type=provenance", "--provenance=false"}} {
			out, err := program(t, env, append(append([]string{"build", "--engine", c.engine, "--push", "-t", tag("buildls")}, flags...), dir)...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			ours := attestations(t, tag("buildls"))
			off := len(flags) > 0 && flags[0] == "--provenance=false" || c.peer == nil && len(flags) == 0
			if off == (len(ours) > 0) {
				t.Errorf("%s %q: %v", c.engine, flags, ours)
			}
			if c.peer == nil {
				continue
			}
			config.docker(docker.Address, slices.Concat(c.peer, []string{"--push", "-t", tag("buildx")}, flags, []string{dir})...)
			if theirs := attestations(t, tag("buildx")); !reflect.DeepEqual(lasting(t, ours), lasting(t, theirs)) {
				t.Errorf("%s %q: buildls says\n%v\nbuildx says\n%v", c.engine, flags, ours, theirs)
			}
		}
	}
	out, err := program(t, append(env, "BUILDX_NO_DEFAULT_ATTESTATIONS=1"), "build", "--push", "-t", enginetest.Registry(t)+"/default-none:a", dir).CombinedOutput()
	if found := attestations(t, enginetest.Registry(t)+"/default-none:a"); err != nil || len(found) != 0 {
		t.Errorf("%v %v\n%s", found, err, out)
	}
}

// lasting is what provenance says of the build but for when it was, and by which program.
func lasting(t *testing.T, found map[string]string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for kind, text := range found {
		var statement struct{ Predicate map[string]any }
		if err := json.Unmarshal([]byte(text), &statement); err != nil {
			t.Fatal(err)
		}
		run, _ := statement.Predicate["runDetails"].(map[string]any)
		delete(run, "metadata")
		delete(statement.Predicate, "metadata")
		all[kind] = statement.Predicate
	}
	return all
}

// attestations are those of an image in the registry, by predicate; the version of
// provenance is left out.
func attestations(t *testing.T, ref string) map[string]string {
	t.Helper()
	host, rest, _ := strings.Cut(ref, "/")
	name, tag, _ := strings.Cut(rest, ":")
	get := func(path string, into any) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/"+name+"/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header["Accept"] = []string{"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		if err := json.Unmarshal(data, into); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v %s", path, resp.Status, err, data)
		}
		return string(data)
	}
	type manifest struct {
		Manifests, Layers []struct {
			Digest      string
			Annotations map[string]string
		}
	}
	found := map[string]string{}
	var index manifest
	get("manifests/"+tag, &index)
	for _, m := range index.Manifests {
		if m.Annotations["vnd.docker.reference.type"] != "attestation-manifest" {
			continue
		}
		var of manifest
		get("manifests/"+m.Digest, &of)
		for _, l := range of.Layers {
			kind := l.Annotations["in-toto.io/predicate-type"]
			if strings.HasPrefix(kind, provenance) {
				kind = provenance
			}
			found[kind] = get("blobs/"+l.Digest, &struct{}{})
		}
	}
	return found
}

func TestWrongAttests(t *testing.T) {
	dir := workspace(t, "Dockerfile", "FROM scratch\n")
	for _, c := range [][3]string{
		{"--attest", "type=signature", "it can be provenance or sbom"},
		{"--attest", "mode=max", "lacks its type"},
		{"--attest", "provenance", "write it as key=value"},
		{"--attest", "type=sbom,disabled=maybe", "true or false"},
		{"--provenance", "mode=full", "it can be min or max"},
	} {
		out, err := program(t, nil, "build", c[0], c[1], dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c[2]) {
			t.Errorf("%q: %v\n%s", c, err, out)
		}
	}
}

const provenance, sbom = "https://slsa.dev/provenance/", "https://spdx.dev/Document"
