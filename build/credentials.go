package build

import (
	"context"
	"io"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/auth/authprovider"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/buildls/buildls/build/engine"
)

// registryCredentials are the credentials in the Docker config and its helpers, read-only, for the
// engine at conn, which may be nil.
func registryCredentials(conn *engine.Conn) session.Attachable {
	credentials := authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(config.LoadDefaultConfigFile(io.Discard)),
	})
	if server, ok := credentials.(auth.AuthServer); ok && conn != nil {
		return &engineLogin{server, conn}
	}
	return credentials
}

// An engineLogin has the engine itself ask for the tokens of those registries for which it has
// certificates: this side has none of them.
type engineLogin struct {
	auth.AuthServer
	conn *engine.Conn
}

// Register implements [session.Attachable].
func (e *engineLogin) Register(server *grpc.Server) { auth.RegisterAuthServer(server, e) }

// GetTokenAuthority implements [auth.AuthServer]. Without an authority the engine asks for the
// credentials, and with them for the token.
func (e *engineLogin) GetTokenAuthority(ctx context.Context, req *auth.GetTokenAuthorityRequest) (*auth.GetTokenAuthorityResponse, error) {
	if e.conn.HasCertificates(req.Host) {
		return nil, status.Error(codes.Unimplemented, "the engine has its certificates")
	}
	return e.AuthServer.GetTokenAuthority(ctx, req)
}
