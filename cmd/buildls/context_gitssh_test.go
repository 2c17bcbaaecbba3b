package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/buildls/buildls/build/engine/enginetest"
)

// A repository behind SSH is fetched with the author's own agent, unasked.
func TestContextOverSSH(t *testing.T) {
	_, err := exec.LookPath("ssh")
	enginetest.Need(t, "ssh", err == nil, "apt-get install openssh-client")
	onEachEngine(t, func(t *testing.T, s site) {
		repo := serveGit(t, "", "a.txt", "over SSH\n")
		key, socket := keyedAgent(t)
		address := "ssh://git@" + serveGitOverSSH(t, key, filepath.Join(repo.dir, ".git")) + "/app#main"
		e := edit(t, append(s.env, "SSH_AUTH_SOCK="+socket), repo.dir)
		e.Open("untitled:1", "dockerfile", base(t)+"COPY a.txt /\nRUN cat /a.txt\n")
		r := buildNow(t, e, map[string]any{"context": address, "noCache": true})
		if s.old {
			if r.Status != "failed" || !contains(r.Error.Message, "too old", "USER@HOST:PATH") {
				t.Errorf("%+v", r)
			}
			e.Shutdown()
			return
		}
		if out := logOf(t, e, r); !strings.Contains(out, "over SSH") || r.Context != address {
			t.Errorf("%+v\n%s", r, out)
		}
		e.Shutdown()
	})
}

// keyedAgent serves an agent with one key.
func keyedAgent(t *testing.T) (key ssh.PublicKey, socket string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go serveEach(l, func(c net.Conn) { agent.ServeAgent(ring, c) })
	return signer.PublicKey(), socket
}

// serveGitOverSSH lets the owner of a key fetch a repository, by any path. It returns
// where it listens.
func serveGitOverSSH(t *testing.T, key ssh.PublicKey, repository string) string {
	t.Helper()
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, given ssh.PublicKey) (*ssh.Permissions, error) {
		if string(given.Marshal()) != string(key.Marshal()) {
			return nil, errors.New("another key")
		}
		return nil, nil
	}}
	_, host, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(host)
	if err != nil {
		t.Fatal(err)
	}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go serveEach(l, func(c net.Conn) {
		_, channels, requests, err := ssh.NewServerConn(c, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for ch := range channels {
			if channel, requests, err := ch.Accept(); err == nil {
				go serveUploadPack(channel, requests, repository)
			}
		}
	})
	return l.Addr().String()
}

func serveEach(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// serveUploadPack answers git's one request, whatever the path in it.
func serveUploadPack(channel ssh.Channel, requests <-chan *ssh.Request, repository string) {
	defer channel.Close()
	for r := range requests {
		if r.Type != "exec" {
			r.Reply(r.Type == "env", nil)
			continue
		}
		r.Reply(true, nil)
		cmd := exec.Command("git", "upload-pack", repository)
		cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
		stdin, err := cmd.StdinPipe()
		if err == nil {
			go io.Copy(stdin, channel)
			err = cmd.Run()
		}
		status := struct{ Code uint32 }{}
		if err != nil {
			status.Code = 1
		}
		channel.SendRequest("exit-status", false, ssh.Marshal(status))
		return
	}
}
