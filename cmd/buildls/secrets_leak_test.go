package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"

	"github.com/buildls/buildls/build/engine/enginetest"
	"github.com/buildls/buildls/lsp/lsptest"
)

// A lockedServer is a registry and a file server for one user. It answers others with 401.
func lockedServer(t testing.TB, user, password string) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: enginetest.Registry(t)})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch u, p, _ := r.BasicAuth(); {
		case u != user || p != password:
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
		case r.URL.Path == "/file.txt":
			fmt.Fprintln(w, "a file")
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// credentialHelper is a folder with the program docker-credential-parity, which knows one
// login, and the file in which it notes what it is asked.
func credentialHelper(t testing.TB, user, password string) (folder, asked string) {
	t.Helper()
	folder = t.TempDir()
	asked = filepath.Join(folder, "asked")
	script := fmt.Sprintf("#!/bin/sh\nread -r server\necho \"$1 $server\" >>%s\nprintf '{\"ServerURL\":\"%%s\",\"Username\":%q,\"Secret\":%q}' \"$server\"\n", asked, user, password)
	if err := os.WriteFile(filepath.Join(folder, "docker-credential-parity"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return folder, asked
}

// A registry that wants a login gets it from a credential helper, to pull and to push;
// the helper is only asked, and told nothing.
func TestCredentialHelper(t *testing.T) {
	onEachEngine(t, func(t *testing.T, s site) {
		locked := lockedServer(t, "me", "right")
		folder, asked := credentialHelper(t, "me", "right")
		config := newDockerConfig(t)
		config.write("config.json", fmt.Sprintf(`{"credHelpers": {%q: "parity"}}`, locked))
		env := append(s.env, "DOCKER_CONFIG="+config.dir, "PATH="+folder+":"+os.Getenv("PATH"))
		dir := workspace(t, "Dockerfile", "FROM "+locked+"/base\nRUN echo "+t.Name()+" >/made\n")
		o := outputs{t, s, edit(t, env, dir), dir}
		tag := locked + "/helped-" + s.name + ":a"
		r := o.try("", map[string]any{"pull": true, "push": true, "tags": []string{tag}})
		if got := digestAt(t, strings.Replace(tag, locked, enginetest.Registry(t), 1)); r.Digest == nil || got != *r.Digest {
			t.Errorf("the registry has %q: %+v", got, r)
		}
		o.e.Shutdown()
		calls, err := os.ReadFile(asked)
		if err != nil || strings.Trim(strings.ReplaceAll(string(calls), "get "+locked, ""), "\n") != "" {
			t.Errorf("the helper was asked %q, %v", calls, err)
		}
	})
}

// What would let somebody in is shown nowhere, whether the build succeeds or not.
func TestNoLeak(t *testing.T) {
	onEachKind(t, func(t *testing.T, s site) { newLeak(t, s).look() })
}

// A leak is a workspace in which all kinds of secrets are planted.
type leak struct {
	*testing.T
	site
	env         []string
	locked, dir string
	state       string          // where builds are kept
	written     strings.Builder // all that buildls has said
}

func newLeak(t *testing.T, s site) *leak {
	const user, password = "me", planted + "-registry"
	l := &leak{T: t, site: s, locked: lockedServer(t, user, password)}
	config, certs := newDockerConfig(t), certificates(t)
	config.write("config.json", fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, l.locked, base64.StdEncoding.EncodeToString([]byte(user+":"+password))))
	l.state = t.TempDir()
	l.env = append(s.env, "XDG_STATE_HOME="+l.state, "DOCKER_CONFIG="+config.dir, "SECRET_OF_TEST="+planted+"-of-the-environment", "SSH_AUTH_SOCK="+sshAgent(t, planted+"-key"),
		"BUILDLS_TLS_CACERT="+certs+"/ca.pem", "BUILDLS_TLS_CERT="+certs+"/cert.pem", "BUILDLS_TLS_KEY="+certs+"/key.pem")
	address := fmt.Sprintf("http://%s:%s@%s", user, password, l.locked)
	steps := "add " + address + "/file.txt /a\nARG URL=" + address + "/file.txt\nADD --chmod=600 $URL /b\n"
	const show = "RUN --mount=type=secret,id=f --mount=type=secret,id=e --mount=type=ssh cat /run/secrets/f; echo with $(cat /run/secrets/e)"
	from := "FROM " + l.locked + "/base\n"
	l.dir = workspace(t, "token", planted+"-of-the-file\n"+planted+" second line\n",
		"good", from+steps+show+"; echo $URL\n",
		"fails", from+"ENV URL="+address+"\n"+show+"; exit 3\n",
		"missing", from+"ADD "+address+"/v2/gone.txt /c\n",
		"wrong", from+"ADD "+strings.Replace(address, "registry", "wrong", 1)+"/file.txt /c\n",
		"syntax", from+"ADD "+address+"/file.txt\n",
		"checksum", from+"ADD --checksum=sha256:"+strings.Repeat("0", 64)+" "+address+"/file.txt /c\n",
		"git", from+"ADD "+address+"/app.git /c\n",
		"image", "FROM "+address+"/base\n",
	)
	return l
}

// look builds all that, in the editor and in the terminal, and searches what was said.
func (l *leak) look() {
	log := filepath.Join(l.TempDir(), "log")
	e := newEditor(l.T, program(l.T, l.env, "--log-file", log), lsptest.Options{Folders: []string{l.dir}, Init: map[string]any{"logLevel": "debug"},
		Capabilities: map[string]any{"window": map[string]any{"workDoneProgress": true}, "experimental": map[string]any{"buildls": map[string]any{"log": true, "finished": true}}}})
	secrets := []map[string]string{{"id": "f", "src": "token"}, {"id": "e", "env": "SECRET_OF_TEST"}, {"id": "GIT_AUTH_TOKEN", "env": "SECRET_OF_TEST"}}
	for _, name := range []string{"good", "fails", "missing", "wrong", "syntax", "checksum", "git", "image"} {
		uri := "file://" + l.dir + "/" + name
		text, err := os.ReadFile(filepath.Join(l.dir, name))
		if err != nil {
			l.Fatal(err)
		}
		e.Open(uri, "dockerfile", string(text))
		fields := map[string]any{"uri": uri, "secrets": secrets, "ssh": []map[string]string{{"id": "default"}}, "noCache": true, "wait": true}
		if name == "good" {
			fields["metadataFile"] = "metadata.json"
			if !l.store {
				fields["push"], fields["tags"] = true, []string{l.locked + "/leak:a"}
			}
		}
		r := l.execute(e, "buildls.build", fields)
		if want := map[bool]string{true: `"succeeded"`, false: `"failed"`}[name == "good"]; !strings.Contains(r, `"status":`+want) {
			l.Errorf("%s: %s", name, r)
		}
		for _, command := range []string{"buildls.log", "buildls.builds", "buildls.check", "buildls.context"} {
			l.execute(e, command, map[bool]map[string]any{true: {"uri": uri}}[command == "buildls.check" || command == "buildls.context"])
		}
		for _, mode := range []string{"plain", "rawjson"} {
			cmd := program(l.T, l.env, "build", "--progress", mode, "--no-cache", "-f", name, "--secret", "id=f,src=token", "--secret", "id=e,env=SECRET_OF_TEST",
				"--ssh", "default", "--metadata-file", filepath.Join(l.TempDir(), "metadata"), ".")
			cmd.Dir = l.dir
			out, _ := cmd.CombinedOutput()
			l.say("build --progress "+mode+" "+name, string(out)+decodedStatus(out))
		}
		for _, format := range []string{"text", "json", "sarif"} {
			out, _ := program(l.T, l.env, "check", "--format", format, filepath.Join(l.dir, name)).CombinedOutput()
			l.say("check "+name, string(out))
		}
	}
	e.Shutdown()
	for _, m := range e.All("") {
		l.say(m.Method, string(m.Params))
	}
	for _, path := range []string{log, filepath.Join(l.dir, "metadata.json")} {
		data, err := os.ReadFile(path)
		if err != nil || len(data) == 0 {
			l.Errorf("%s: %d bytes, %v", path, len(data), err)
		}
		l.say(path, string(data))
	}
	kept, err := filepath.Glob(filepath.Join(l.state, "buildls", "builds", "*"))
	if err != nil || len(kept) < 20 {
		l.Errorf("kept: %v, %v", kept, err)
	}
	for _, path := range kept {
		data, err := os.ReadFile(path)
		if err != nil {
			l.Error(err)
		}
		l.say(path, string(data))
	}
	out, _ := program(l.T, l.env, "doctor", "--json").CombinedOutput()
	l.say("doctor", string(out))
	if all := l.written.String(); !strings.Contains(all, "with ***") || len(all) < 10000 {
		l.Errorf("the steps that print secrets said nothing in %d bytes", len(all))
	}
}

// execute is a command, whose answer is searched too.
func (l *leak) execute(e *lsptest.Editor, command string, argument map[string]any) string {
	var answer json.RawMessage
	if err := e.Execute(command, argument, &answer); err != nil {
		answer = json.RawMessage(err.Error())
	}
	l.say(command, string(answer))
	return string(answer)
}

// say searches what was said for what was planted, as it is and in base64.
func (l *leak) say(where, what string) {
	l.Helper()
	l.written.WriteString(what)
	for _, secret := range []string{planted, "BEGIN PRIVATE KEY", base64.StdEncoding.EncodeToString([]byte("me:" + planted + "-registry"))} {
		if i := strings.Index(what, secret); i >= 0 {
			l.Errorf("%s shows %q: …%s…", where, secret, what[max(0, i-200):min(len(what), i+100)])
		}
	}
}

// decodedStatus is what rawjson holds in base64.
func decodedStatus(out []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		var status client.SolveStatus
		if json.Unmarshal([]byte(line), &status) != nil {
			continue
		}
		for _, l := range status.Logs {
			b.Write(l.Data)
		}
		for _, w := range status.Warnings {
			b.Write(w.Short)
			for _, d := range w.Detail {
				b.Write(d)
			}
			if w.SourceInfo != nil {
				b.Write(w.SourceInfo.Data)
			}
		}
	}
	return b.String()
}
