package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	controlapi "github.com/moby/buildkit/api/services/control"
	apitypes "github.com/moby/buildkit/api/types"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/filesync"
	"github.com/moby/buildkit/session/grpchijack"
	"github.com/moby/buildkit/session/secrets"
	"github.com/moby/buildkit/session/sshforward"
	"github.com/tonistiigi/fsutil/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// A hostileBuilder speaks BuildKit's protocol, and uses the session of a build for what no
// Dockerfile asked for.
type hostileBuilder struct {
	controlapi.UnimplementedControlServer
	sessions *session.Manager
	act      func(ctx context.Context, builds session.Caller)
	acted    chan struct{}
}

// newHostileBuilder has act do what it wants in the first build, and returns its address.
func newHostileBuilder(t *testing.T, act func(context.Context, session.Caller)) string {
	t.Helper()
	sessions, err := session.NewManager()
	if err != nil {
		t.Fatal(err)
	}
	b := &hostileBuilder{sessions: sessions, act: act, acted: make(chan struct{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	controlapi.RegisterControlServer(server, b)
	gatewayapi.RegisterLLBBridgeServer(server, &hostileGateway{acted: b.acted})
	go server.Serve(l)
	t.Cleanup(server.Stop)
	return "tcp://" + l.Addr().String()
}

func (b *hostileBuilder) ListWorkers(context.Context, *controlapi.ListWorkersRequest) (*controlapi.ListWorkersResponse, error) {
	return &controlapi.ListWorkersResponse{Record: []*apitypes.WorkerRecord{{ID: "hostile"}}}, nil
}

func (b *hostileBuilder) Info(context.Context, *controlapi.InfoRequest) (*controlapi.InfoResponse, error) {
	return &controlapi.InfoResponse{BuildkitVersion: &apitypes.BuildkitVersion{Version: "v0.34.2"}}, nil
}

func (b *hostileBuilder) Session(stream controlapi.Control_SessionServer) error {
	conn, _, opts := grpchijack.Hijack(stream)
	defer conn.Close()
	return b.sessions.HandleConn(stream.Context(), conn, opts)
}

func (b *hostileBuilder) Status(_ *controlapi.StatusRequest, stream controlapi.Control_StatusServer) error {
	select {
	case <-b.acted:
	case <-stream.Context().Done():
	}
	return nil
}

func (b *hostileBuilder) Solve(ctx context.Context, req *controlapi.SolveRequest) (*controlapi.SolveResponse, error) {
	defer close(b.acted)
	builds, err := b.sessions.Get(ctx, req.Session, false)
	if err == nil {
		b.act(ctx, builds)
		err = errors.New("that was all")
	}
	return nil, err
}

// A hostileGateway holds the client until the builder has what it wanted.
type hostileGateway struct {
	gatewayapi.UnimplementedLLBBridgeServer
	acted chan struct{}
}

func (b *hostileGateway) Ping(ctx context.Context, _ *gatewayapi.PingRequest) (*gatewayapi.PongResponse, error) {
	select {
	case <-b.acted:
	case <-ctx.Done():
	}
	return nil, errors.New("no gateway")
}

// Whatever a builder asks for in a build's session, it gets what the build named, and writes
// where the build said.
func TestHostileBuilder(t *testing.T) {
	outside := workspace(t, "passwords", planted)
	dir := workspace(t, "Dockerfile", "FROM scratch\nCOPY . /\n", "sub/file", "mine", ".dockerignore", "ignored\n", "ignored", planted, "token", planted)
	for _, link := range []string{"leads", "sub/leads"} {
		if err := os.Symlink(outside, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	var thief *thief
	address := newHostileBuilder(t, func(ctx context.Context, builds session.Caller) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		thief = newThief(t, ctx, builds)
		thief.read(dir, outside)
		thief.ask()
		thief.write(outside)
	})
	cmd := program(t, []string{"SSH_AUTH_SOCK=" + sshAgent(t, "a-key")}, "build", "--progress", "plain", "--engine", address,
		"--secret", "id=given,src="+dir+"/token", "-o", out, dir)
	said, err := cmd.CombinedOutput()
	if err == nil || thief == nil || !thief.gotMine {
		t.Fatalf("the builder did not act: %v\n%s", err, said)
	}
	if got, err := os.ReadFile(filepath.Join(outside, "passwords")); err != nil || string(got) != planted {
		t.Errorf("outside: %q, %v", got, err)
	}
	if left, _ := os.ReadDir(outside); len(left) != 1 {
		t.Errorf("written outside: %v", left)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(out), "evil")); err == nil {
		t.Error("written beside the output")
	}
}

// A thief tries a session.
type thief struct {
	*testing.T
	ctx     context.Context
	files   filesync.FileSyncClient
	sends   filesync.FileSendClient
	secrets secrets.SecretsClient
	agents  sshforward.SSHClient
	gotMine bool // what the build offers: the thief speaks the protocol right
}

func newThief(t *testing.T, ctx context.Context, builds session.Caller) *thief {
	c := builds.Conn()
	return &thief{T: t, ctx: ctx, files: filesync.NewFileSyncClient(c), sends: filesync.NewFileSendClient(c), secrets: secrets.NewSecretsClient(c), agents: sshforward.NewSSHClient(c)}
}

// read asks for files in all the ways that the protocol has.
func (t *thief) read(dir, outside string) {
	for _, opts := range []metadata.MD{
		metadata.Pairs("dir-name", "context"),
		metadata.Pairs("dir-name", "context", "override-excludes", "true"),
		metadata.Pairs("dir-name", "context", "include-patterns", "../**", "include-patterns", "**"),
		metadata.Pairs("dir-name", "context", "exclude-patterns", "!**"),
		metadata.Pairs("dir-name", "dockerfile", "followpaths", "../passwords"),
		metadata.Pairs("dir-name", outside), metadata.Pairs("dir-name", "/"), metadata.Pairs("dir-name", ".."), metadata.Pairs("dir-name", dir),
		metadata.Pairs("dir-name", "context/.."), metadata.Pairs("dir-name", ""), metadata.Pairs(),
	} {
		t.steal(opts)
	}
	for _, path := range []string{"..", "../..", "../*", "/etc/passwd", "leads", "leads/passwords", "leads/*", "sub/leads/../passwords", "sub/../../" + filepath.Base(outside) + "/passwords", outside, outside + "/passwords", strings.Repeat("../", 20) + "etc/passwd"} {
		t.steal(metadata.Pairs("dir-name", "context", "followpaths", path))
		t.steal(metadata.Pairs("dir-name", "context", "include-patterns", path))
	}
}

// steal takes all files that are offered for a request, and looks at them.
func (t *thief) steal(opts metadata.MD) {
	stream, err := t.files.DiffCopy(metadata.NewOutgoingContext(t.ctx, opts))
	if err != nil {
		return
	}
	var id, asked uint32
	for {
		var p types.Packet
		if err := stream.RecvMsg(&p); err != nil {
			if !errors.Is(err, io.EOF) && t.ctx.Err() != nil {
				t.Errorf("%v: %v", opts, err)
			}
			return
		}
		switch {
		case p.Type == types.PACKET_STAT && p.Stat != nil:
			if st := p.Stat; filepath.IsAbs(st.Path) || strings.HasPrefix(filepath.Clean(st.Path), "..") || filepath.Base(st.Path) == "passwords" {
				t.Errorf("%v: was shown %s", opts, st.Path)
			}
			if os.FileMode(p.Stat.Mode).IsRegular() {
				asked++
				stream.SendMsg(&types.Packet{Type: types.PACKET_REQ, ID: id})
			}
			id++
		case p.Type == types.PACKET_STAT: // that was the last
			if asked == 0 {
				stream.SendMsg(&types.Packet{Type: types.PACKET_FIN})
			}
		case p.Type == types.PACKET_DATA && len(p.Data) == 0:
			if asked--; asked == 0 {
				stream.SendMsg(&types.Packet{Type: types.PACKET_REQ, ID: id + 7}) // one that was not offered
				stream.SendMsg(&types.Packet{Type: types.PACKET_FIN})
			}
		case p.Type == types.PACKET_DATA:
			t.gotMine = t.gotMine || string(p.Data) == "mine"
			if strings.Contains(string(p.Data), "root:") {
				t.Errorf("%v: got %q", opts, p.Data)
			}
		default:
			return
		}
	}
}

// ask asks for secrets and agents that the build did not name.
func (t *thief) ask() {
	for _, id := range []string{"token", "passwords", "HOME", "/etc/passwd", "../token", "", "GIT_AUTH_TOKEN"} {
		if got, err := t.secrets.GetSecret(t.ctx, &secrets.GetSecretRequest{ID: id}); err == nil {
			t.Errorf("secret %q: got %q", id, got.Data)
		}
	}
	if got, err := t.secrets.GetSecret(t.ctx, &secrets.GetSecretRequest{ID: "given"}); err != nil || string(got.Data) != planted {
		t.Errorf("the secret that was given: %v", err)
	}
	for _, id := range []string{"", "default", "other"} {
		if _, err := t.agents.CheckAgent(t.ctx, &sshforward.CheckAgentRequest{ID: id}); err == nil {
			t.Errorf("the agent %q was lent", id)
		}
	}
}

// write sends an output that leads out of its place.
func (t *thief) write(outside string) {
	link := &types.Stat{Path: "way", Mode: uint32(os.ModeSymlink | 0o777), Linkname: outside}
	for _, stats := range [][]*types.Stat{
		{newFile("../evil")}, {newFile("/" + outside + "/evil")}, {newFile(outside + "/evil")}, {newFile("a/../../evil")},
		{link, newFile("way/evil")}, {link, newFile("way/passwords")},
		{{Path: "hard", Mode: 0o644, Linkname: outside + "/passwords"}, newFile("hard")},
		{{Path: "hard", Mode: 0o644, Linkname: "../../passwords"}},
		{{Path: "way", Mode: uint32(os.ModeDir | 0o755)}, link, newFile("way/evil")},
	} {
		t.send(stats)
	}
}

func newFile(path string) *types.Stat { return &types.Stat{Path: path, Mode: 0o644, Size: 4} }

// send plays the part of the exporter "local".
func (t *thief) send(stats []*types.Stat) {
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.ctx, metadata.Pairs("buildkit-attachable-exporter-id", "0")), 10*time.Second)
	defer cancel()
	stream, err := t.sends.DiffCopy(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	for _, st := range stats {
		stream.SendMsg(&types.Packet{Type: types.PACKET_STAT, Stat: st})
	}
	stream.SendMsg(&types.Packet{Type: types.PACKET_STAT})
	for {
		var p types.Packet
		if err := stream.RecvMsg(&p); err != nil {
			if ctx.Err() != nil {
				t.Errorf("%v: no answer", stats)
			}
			return
		}
		switch p.Type {
		case types.PACKET_REQ:
			stream.SendMsg(&types.Packet{Type: types.PACKET_DATA, ID: p.ID, Data: []byte("evil")})
			stream.SendMsg(&types.Packet{Type: types.PACKET_DATA, ID: p.ID})
		case types.PACKET_FIN:
			stream.SendMsg(&types.Packet{Type: types.PACKET_FIN})
		}
	}
}
