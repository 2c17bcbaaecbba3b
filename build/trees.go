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
	trees map[string]tree
}

// A tree is what there is, by its paths, without a slash before them.
type tree map[string]treeFile

// A treeFile is a file, a directory or a link.
type treeFile struct {
	*types.Stat
	again bool // another name of a file that has one in the tree
}

// bytes are those that the file takes for itself.
func (f treeFile) bytes() int64 {
	if f.again || !os.FileMode(f.Mode).IsRegular() {
		return 0
	}
	return f.Size
}

// size counts the files of a tree that are no directories, and their bytes.
func (t tree) size() (files int, bytes int64) {
	for _, f := range t {
		bytes += f.bytes()
		if !os.FileMode(f.Mode).IsDir() {
			files++
		}
	}
	return files, bytes
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
	at, name, ok := strings.Cut(path.Clean(st.Path), "/")
	if !ok {
		return // the directory itself
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trees == nil {
		l.trees = map[string]tree{}
	}
	if l.trees[at] == nil {
		l.trees[at] = tree{}
	}
	f := treeFile{Stat: st}
	st.Linkname = strings.TrimPrefix(strings.TrimPrefix(st.Linkname, "/"), at+"/") // fsutil.SubDirFS put it there
	if first, ok := l.trees[at][st.Linkname]; isHardLink(st) && ok {
		st.Size, st.Linkname, f.again = first.Size, "", true // which of a file's names comes first is no matter
	}
	l.trees[at][name] = f
}

// isHardLink says whether a file was sent before, by another name.
func isHardLink(st *types.Stat) bool {
	return os.FileMode(st.Mode).IsRegular() && st.Linkname != ""
}

func (l *treeLister) of(name string) tree {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trees[name]
}
