package workspace

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

func TestWideEncoding(t *testing.T) {
	for _, text := range []string{"FROM scratch\n", "FROM scratch\r\nRUN a\r\n", "sec\n", "# Größe 大きさ\nCOPY a /\n", "x", ""} {
		for _, mark := range []string{"", "\ufeff"} {
			for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
				var in16, in32 []byte
				for _, c := range utf16.Encode([]rune(mark + text)) {
					in16 = order.AppendUint16(in16, c)
				}
				for _, c := range mark + text {
					in32 = order.AppendUint32(in32, uint32(c))
				}
				if got := WideEncoding(in16); got != "UTF-16" && len(in16) > 0 {
					t.Errorf("%q in UTF-16 is %q", mark+text, got)
				}
				if got := WideEncoding(in32); got != "UTF-32" && len(in32) > 0 {
					t.Errorf("%q in UTF-32 is %q", mark+text, got)
				}
				if n := len(in16) - 1; n > 2 && WideEncoding(in16[:n]) != "UTF-16" {
					t.Errorf("%q in UTF-16, cut off, is %q", mark+text, WideEncoding(in16[:n]))
				}
			}
		}
	}
	for _, text := range []string{"", "a", "FROM scratch\n", "\ufeffFROM scratch\n", "LABEL a=\x00\n", "caf\xe9\n", "a\x00b\n", "\xff", "\x00", "# Größe 大きさ\n"} {
		if got := WideEncoding([]byte(text)); got != "" {
			t.Errorf("%q is %s", text, got)
		}
	}
}
