// Package delta sends of a build context what has changed in it, where BuildKit has all of its
// files walked, told and compared for each build (its session/filesync). Both ends are ours:
// the client is the language server, which knows what an engine was sent and what was written
// since; the engine is the embedded one, which knows what it has.
//
// On the wire it is a service of the client's session beside BuildKit's own, with fsutil's
// protocol. The engine asks for what has changed since the session in which it was sent the
// context last. A client to whom that means nothing refuses, and is asked for everything.
package delta

import (
	"context"

	"github.com/moby/buildkit/session"
	"github.com/tonistiigi/fsutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	service = "buildls.v1.Delta"
	stream  = "Send"
	method  = "/" + service + "/" + stream

	keyName  = "buildls-name"  // of the context
	keySince = "buildls-since" // the id of a session
)

// An Answer is what has changed in a context since it was sent in a session: some of its files,
// and the directories above them. It is nil where that can't be told.
type Answer func(name, since string) fsutil.FS

// Register implements [session.Attachable].
func (a Answer) Register(server *grpc.Server) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Streams:     []grpc.StreamDesc{{StreamName: stream, Handler: a.send, ServerStreams: true, ClientStreams: true}},
	}, a)
}

func (a Answer) send(_ any, stream grpc.ServerStream) error {
	asked, _ := metadata.FromIncomingContext(stream.Context())
	name, since := asked.Get(keyName), asked.Get(keySince)
	if len(name) != 1 || len(since) != 1 {
		return status.Error(codes.InvalidArgument, "one context, and one session")
	}
	files := a(name[0], since[0])
	if files == nil {
		return status.Error(codes.FailedPrecondition, "nothing is known of it")
	}
	if err := stream.SendHeader(metadata.Pairs(keySince, since[0])); err != nil {
		return err
	}
	return fsutil.Send(stream.Context(), stream, files, nil)
}

// Offered says whether a client has such answers for the build that it runs.
func Offered(c session.Caller) bool { return c.Supports(method) }

// Ask asks a client for what has changed. The function that it returns writes that to a
// directory, once; nothing has been written before. It is nil if the client can't tell.
func Ask(ctx context.Context, c session.Caller, name, since string) (func(dest string, opt fsutil.ReceiveOpt) error, error) {
	ctx = metadata.NewOutgoingContext(ctx, metadata.Pairs(keyName, name, keySince, since))
	answer, err := c.Conn().NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return nil, err
	}
	if header, err := answer.Header(); err != nil || len(header.Get(keySince)) == 0 {
		return nil, err
	}
	return func(dest string, opt fsutil.ReceiveOpt) error {
		opt.Merge = true // what is not told of is as it was
		if err := fsutil.Receive(answer.Context(), answer, dest, opt); err != nil {
			return err
		}
		return answer.CloseSend()
	}, nil
}
