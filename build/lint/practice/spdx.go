package practice

import "strings"

// licenses are those of the SPDX License List that images are under, as it names them.
var licenses = set(strings.Fields(`
0BSD AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 AGPL-1.0-only AGPL-1.0-or-later AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-1.0
Apache-1.1 Apache-2.0 APSL-1.0 APSL-1.1 APSL-1.2 APSL-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-2.0 Beerware BlueOak-1.0.0
BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-Attribution BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-4-Clause
BSD-4-Clause-UC BSD-Protection BSD-Source-Code BSL-1.0 BUSL-1.1 CAL-1.0 CC-BY-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0
CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CDDL-1.1 CECILL-2.0 CECILL-2.1
CECILL-B CECILL-C ClArtistic CPAL-1.0 CPL-1.0 curl ECL-1.0 ECL-2.0 EFL-1.0 EFL-2.0 Elastic-2.0 EPL-1.0 EPL-2.0 EUDatagrid EUPL-1.0
EUPL-1.1 EUPL-1.2 Fair FSFAP FTL GFDL-1.1-only GFDL-1.1-or-later GFDL-1.2-only GFDL-1.2-or-later GFDL-1.3-only GFDL-1.3-or-later
GPL-1.0-only GPL-1.0-or-later GPL-2.0 GPL-2.0+ GPL-2.0-only GPL-2.0-or-later GPL-3.0 GPL-3.0+ GPL-3.0-only GPL-3.0-or-later
HPND ICU IJG Imlib2 Intel IPA IPL-1.0 ISC JSON LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1 LGPL-2.1+ LGPL-2.1-only LGPL-2.1-or-later
LGPL-3.0 LGPL-3.0+ LGPL-3.0-only LGPL-3.0-or-later libpng-2.0 Libpng LPL-1.0 LPL-1.02 LPPL-1.3c MIT MIT-0 MIT-Modern-Variant
MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL MS-RL MulanPSL-2.0 NAIST-2003 NASA-1.3 NCSA Nokia NPOSL-3.0 NTP
ODbL-1.0 OFL-1.0 OFL-1.1 OLDAP-2.8 OpenSSL OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 PHP-3.0 PHP-3.01 PostgreSQL PSF-2.0 Python-2.0
Python-2.0.1 QPL-1.0 RPL-1.1 RPL-1.5 RPSL-1.0 RSCPL Ruby SGI-B-2.0 SISSL Sleepycat SMLNJ SPL-1.0 SSPL-1.0 TCL Unicode-3.0
Unicode-DFS-2015 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C Watcom-1.0 WTFPL X11 Xnet XFree86-1.1 Zend-2.0 Zlib zlib-acknowledgement
ZPL-2.0 ZPL-2.1 NONE NOASSERTION`)...)

// isLicense reads an expression of SPDX: names with AND, OR, WITH and brackets.
func isLicense(s string) bool {
	name, depth := true, 0 // a name is next
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s))
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "(":
			depth++
		case w == ")":
			if depth--; depth < 0 || name {
				return false
			}
		case !name && (w == "AND" || w == "OR"):
			name = true
		case !name && w == "WITH" && i+1 < len(words):
			i++
		case name && (licenses[w] || licenses[strings.TrimSuffix(w, "+")] || strings.HasPrefix(w, "LicenseRef-")):
			name = false
		default:
			return false
		}
	}
	return !name && depth == 0
}
