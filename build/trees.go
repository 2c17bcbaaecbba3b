package build

import (
	"fmt"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/moby/buildkit/session/filesync"
	"github.com/tonistiigi/fsutil/types"
	"google.golang.org/grpc"
)

// The names under which an engine sends the two states of a step. Where links are absolute, it
// puts them before their targets.
const treeBefore, treeAfter = "buildls-before", "buildls-after"

// A treeLister takes what the exporter "local" sends, and asks for none of the files: it
// keeps what they are. Each tree comes in a directory of its own, perhaps at the same time.
// It is the other side of fsutil.Send.
type treeLister struct {
	mu    sync.Mutex
	trees map[string]map[string]*types.Stat
}

// Register implements session.Attachable.
func (l *treeLister) Register(server *grpc.Server) { filesync.RegisterFileSendServer(server, l) }

// DiffCopy implements filesync.FileSendServer.
func (l *treeLister) DiffCopy(stream filesync.FileSend_DiffCopyServer) error {
	for {
		var p types.Packet
		if err := stream.RecvMsg(&p); err != nil {
			return err
		}
		switch {
		case p.Type == types.PACKET_ERR:
			return fmt.Errorf("the engine cannot list the files: %s", p.Data)
		case p.Type == types.PACKET_FIN:
			return nil
		case p.Type == types.PACKET_STAT && p.Stat == nil: // that was the last
			if err := stream.SendMsg(&types.Packet{Type: types.PACKET_FIN}); err != nil {
				return err
			}
		case p.Type == types.PACKET_STAT:
			l.add(p.Stat)
		}
	}
}

func (l *treeLister) add(st *types.Stat) {
	tree, name, ok := strings.Cut(path.Clean(st.Path), "/")
	if !ok {
		return // the directory itself
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trees == nil {
		l.trees = map[string]map[string]*types.Stat{}
	}
	if l.trees[tree] == nil {
		l.trees[tree] = map[string]*types.Stat{}
	}
	st.Linkname = strings.TrimPrefix(strings.TrimPrefix(st.Linkname, "/"), tree+"/") // fsutil.SubDirFS put it there
	if first := l.trees[tree][st.Linkname]; isHardLink(st) && first != nil {
		st.Size, st.Linkname = first.Size, "" // which of a file's names comes first is no matter
	}
	l.trees[tree][name] = st
}

// isHardLink says whether a file was sent before, by another name.
func isHardLink(st *types.Stat) bool {
	return os.FileMode(st.Mode).IsRegular() && st.Linkname != ""
}

// of is a tree by its paths, without a slash before them.
func (l *treeLister) of(tree string) map[string]*types.Stat {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trees[tree]
}
