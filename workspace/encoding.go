package workspace

import "bytes"

// WideEncoding names what a text is written in instead of UTF-8: "UTF-16" or "UTF-32". It
// is empty for UTF-8, and for what has one byte for each character, such as Latin-1. It
// goes by the byte order mark, else by where the NUL bytes are, of which a text in these
// encodings is full and no other has many.
func WideEncoding(text []byte) string {
	for _, mark := range []struct{ bytes, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(text, []byte(mark.bytes)) {
			return mark.name
		}
	}
	const enough = 4096
	text = text[:min(len(text), enough)]
	var nul [2]int // at even and odd places
	for i, c := range text {
		if c == 0 {
			nul[i%2]++
		}
	}
	most, least, each := max(nul[0], nul[1]), min(nul[0], nul[1]), len(text)/2
	switch {
	case each == 0 || 2*most <= each:
		return ""
	case 4*least > each:
		return "UTF-32"
	}
	return "UTF-16"
}
