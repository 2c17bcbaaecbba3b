package enginetest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// An image is what a registry takes: blobs and the manifest that names them. An
// index has images of its own and no blobs.
type image struct {
	blobs      [][]byte
	manifest   []byte
	descriptor ocispec.Descriptor
	of         []*image
}

// No time of the day gets into an image: its digest depends on busybox alone.
var epoch = time.Unix(0, 0).UTC()

// baseImages makes the images for base:latest and multi:latest.
func baseImages(busybox string) (base, multi *image, err error) {
	byArch := map[string]*image{}
	for _, arch := range []string{"amd64", "arm64", runtime.GOARCH} {
		if byArch[arch] != nil {
			continue
		}
		if byArch[arch], err = busyboxImage(busybox, arch); err != nil {
			return nil, nil, fmt.Errorf("making an image for %s: %w", arch, err)
		}
	}
	multi, err = indexOf(byArch["amd64"], byArch["arm64"])
	return byArch[runtime.GOARCH], multi, err
}

func busyboxImage(busybox, arch string) (*image, error) {
	layer, err := rootfs(busybox, arch)
	if err != nil {
		return nil, err
	}
	var zipped bytes.Buffer
	zip, err := gzip.NewWriterLevel(&zipped, gzip.BestSpeed) // made anew by every process that asks
	if err != nil {
		return nil, err
	}
	if _, err := zip.Write(layer); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	platform := ocispec.Platform{OS: "linux", Architecture: arch}
	config, err := json.Marshal(ocispec.Image{
		Created:  &epoch,
		Platform: platform,
		Config:   ocispec.ImageConfig{Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, Cmd: []string{"/bin/sh"}},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(layer)}},
		History:  []ocispec.History{{Created: &epoch, CreatedBy: "busybox"}},
	})
	if err != nil {
		return nil, err
	}
	manifest, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    describe(ocispec.MediaTypeImageConfig, config),
		Layers:    []ocispec.Descriptor{describe(ocispec.MediaTypeImageLayerGzip, zipped.Bytes())},
	})
	if err != nil {
		return nil, err
	}
	descriptor := describe(ocispec.MediaTypeImageManifest, manifest)
	descriptor.Platform = &platform
	return &image{blobs: [][]byte{config, zipped.Bytes()}, manifest: manifest, descriptor: descriptor}, nil
}

func indexOf(images ...*image) (*image, error) {
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, image := range images {
		index.Manifests = append(index.Manifests, image.descriptor)
	}
	manifest, err := json.Marshal(index)
	return &image{manifest: manifest, descriptor: describe(ocispec.MediaTypeImageIndex, manifest), of: images}, err
}

func describe(mediaType string, content []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(content), Size: int64(len(content))}
}

// rootfs is the layer of a base image: busybox under the name of each applet, and
// the few files that programs expect to find.
func rootfs(busybox, arch string) ([]byte, error) {
	program, err := os.ReadFile(busybox)
	if err != nil {
		return nil, err
	}
	list, err := exec.Command(busybox, "--list-full").Output()
	if err != nil {
		return nil, fmt.Errorf("asking busybox for its applets: %w", err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	add := func(header tar.Header, content string) {
		header.Size, header.ModTime = int64(len(content)), epoch
		if err == nil {
			err = w.WriteHeader(&header)
		}
		if err == nil {
			_, err = w.Write([]byte(content))
		}
	}
	for _, folder := range []string{"bin", "dev", "etc", "home", "proc", "root", "run", "sbin", "sys", "usr", "usr/bin", "usr/sbin", "var"} {
		add(tar.Header{Typeflag: tar.TypeDir, Name: folder + "/", Mode: 0o755}, "")
	}
	add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, "")
	add(tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Mode: 0o755}, string(program))
	applets := strings.Fields(string(list))
	slices.Sort(applets)
	for _, applet := range applets {
		if path.Base(applet) != "busybox" && strings.Contains("bin sbin usr/bin usr/sbin", path.Dir(applet)) {
			add(tar.Header{Typeflag: tar.TypeSymlink, Name: applet, Linkname: "/bin/busybox", Mode: 0o777}, "")
		}
	}
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/arch", Mode: 0o644}, arch+"\n")
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/group", Mode: 0o644}, "root:x:0:\nnobody:x:65534:\n")
	add(tar.Header{Typeflag: tar.TypeReg, Name: "etc/passwd", Mode: 0o644},
		"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
	if err == nil {
		err = w.Close()
	}
	return layer.Bytes(), err
}
