// Package escape takes out of a text what would steer the terminal that shows it: move the
// cursor, set the title, fill the clipboard. A build's output is anybody's.
//
// It knows the control functions of ECMA-48, and no builds.
package escape

import "bytes"

// A Filter cleans one stream, which may come in pieces: a sequence may begin in one and
// end in the next. The zero value keeps colours.
type Filter struct {
	// Plain takes out colours, too.
	Plain bool

	state    state
	sequence []byte // of a CSI, as far as it came
	lead     bool   // 0xC2 was held: with the next byte it may be a control
	more     int    // bytes of a UTF-8 sequence that are to come
}

type state int

const (
	ground   state = iota
	escaped        // behind ESC
	csi            // in a control sequence
	osc            // in a string: to the terminator, or the end of the line
	oscEnded       // behind an ESC in it
)

const (
	esc = 0x1b
	del = 0x7f
	bel = 0x07
)

// maxSequence bounds a control sequence; colours take less.
const maxSequence = 64

// Text is a text as a whole, without colours. What needs no cleaning is returned as it is.
func Text(text string) string {
	if !dirty(text) {
		return text
	}
	f := Filter{Plain: true}
	return string(f.Clean([]byte(text)))
}

// Clean returns what of the next piece may be shown. It may be data itself.
func (f *Filter) Clean(data []byte) []byte {
	whole := len(data) == 0 || data[len(data)-1] < 0x80 // no character goes on in the next piece
	if f.state == ground && !f.lead && f.more == 0 && whole && !dirty(data) {
		return data
	}
	out := make([]byte, 0, len(data))
	for _, b := range data {
		out = f.next(out, b)
	}
	return out
}

// dirty says whether there is anything but ASCII that is shown, tabs and ends of lines, or
// UTF-8 without 0xC2, which begins the controls beyond ASCII.
func dirty[T string | []byte](text T) bool {
	for i := range len(text) {
		switch b := text[i]; {
		case b < ' ' && b != '\n' && b != '\t' && b != '\r', b >= del && b < 0xa0, b == 0xc2, b >= 0xf5:
			return true
		}
	}
	return false
}

// next is out and what the byte b adds to it.
func (f *Filter) next(out []byte, b byte) []byte {
	if f.lead {
		f.lead = false
		if b >= 0x80 && b < 0xa0 {
			f.control(b)
			return out
		}
		if b >= 0xa0 && b < 0xc0 {
			return f.shown(f.shown(out, 0xc2), b)
		}
	}
	switch {
	case f.more > 0 && b >= 0x80 && b < 0xc0: // the rest of a character
		f.more--
		return f.shown(out, b)
	case b == 0xc2:
		f.lead, f.more = true, 0
		if f.state == escaped || f.state == csi {
			f.state = ground
		}
		return out
	}
	f.more = 0
	switch {
	case b >= 0xf0:
		f.more = 3
	case b >= 0xe0:
		f.more = 2
	case b >= 0xc0:
		f.more = 1
	case b >= 0x80 && b < 0xa0: // a control, to a terminal that knows no UTF-8
		f.control(b)
		return out
	}
	if b >= 0x80 {
		return f.shown(out, b)
	}
	return f.ascii(out, b)
}

// shown adds a byte, unless it is part of what is taken out.
func (f *Filter) shown(out []byte, b byte) []byte {
	switch f.state {
	case ground:
		return append(out, b)
	case escaped, csi: // no such sequence goes on like this
		f.state = ground
		return append(out, b)
	case oscEnded:
		f.state = osc
	}
	return out
}

// ascii goes on with a byte that is no part of a character and no control beyond ASCII.
func (f *Filter) ascii(out []byte, b byte) []byte {
	switch {
	case b == '\n' || b == '\r' || b == '\t': // they end whatever was begun: nothing hides the lines that follow
		f.state = ground
		return append(out, b)
	case b == esc && (f.state == osc || f.state == oscEnded):
		f.state = oscEnded
		return out
	case b == esc:
		f.state = escaped
		return out
	case b == bel && f.state == osc:
		f.state = ground
		return out
	case b < ' ' || b == del:
		return out
	}
	switch f.state {
	case escaped:
		f.second(b)
		return out
	case csi:
		return f.parameter(out, b)
	case oscEnded: // of a string terminator the ESC was the first half
		if b == '\\' {
			f.state = ground
		} else {
			f.second(b)
		}
		return out
	}
	return f.shown(out, b)
}

// second is the byte behind ESC.
func (f *Filter) second(b byte) {
	switch {
	case b >= ' ' && b < '0': // more is to come
		f.state = escaped
	case b >= '@' && b < '`':
		f.state = ground
		f.control(b + 0x40)
	default:
		f.state = ground
	}
}

// control begins what a control of 0x80 to 0x9f begins.
func (f *Filter) control(b byte) {
	switch b {
	case 0x9b:
		f.state, f.sequence = csi, append(f.sequence[:0], esc, '[')
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f: // DCS, SOS, OSC, PM, APC
		f.state = osc
	default:
		f.state = ground
	}
}

// parameter goes on with a control sequence. Only a colour is kept.
func (f *Filter) parameter(out []byte, b byte) []byte {
	f.sequence = append(f.sequence, b)
	switch {
	case b >= '@' && b <= '~':
		f.state = ground
		if b == 'm' && !f.Plain && len(bytes.Trim(f.sequence[2:len(f.sequence)-1], "0123456789;:")) == 0 {
			out = append(out, f.sequence...)
		}
	case b < ' ' || b > '~' || len(f.sequence) > maxSequence:
		f.state = ground
	}
	return out
}
