package inspect

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

// The names under which an engine sends the files before and after a step. An engine puts the name
// before the target of a link, if that is absolute.
const treeBefore, treeAfter = "buildls-before", "buildls-after"

// A treeLister receives what the exporter "local" lists, and asks for no content. Each tree comes in
// a directory of its own; several may come at the same time. It is the other side of fsutil.Send.
type treeLister struct {
	mu    sync.Mutex
	trees map[string]tree
}

// A tree is what a directory holds, by paths without a slash before them.
type tree map[string]treeFile

// A treeFile is a file, a directory or a link.
type treeFile struct {
	*types.Stat
	hardLink bool // another name of a file of the tree
}

// bytes is the size of a file; 0 for all but one name of a file with several.
func (f treeFile) bytes() int64 {
	if f.hardLink || !os.FileMode(f.Mode).IsRegular() {
		return 0
	}
	return f.Size
}

// size counts the files of a tree, without directories, and their bytes.
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
		return // the directory of the tree itself
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
		st.Size, st.Linkname, f.hardLink = first.Size, "", true // the names of a file count alike
	}
	l.trees[at][name] = f
}

// isHardLink says whether a file was sent before under another name.
func isHardLink(st *types.Stat) bool {
	return os.FileMode(st.Mode).IsRegular() && st.Linkname != ""
}

func (l *treeLister) tree(name string) tree {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trees[name]
}
