package sandbox

import "fmt"

// Score is how a spoken text is scored, of a hundred.
type Score struct {
	// CoreType and RefText are globs for what is scored and for the text; empty ones match anything.
	CoreType string `json:"coreType,omitempty"`
	RefText  string `json:"refText,omitempty"`
	Overall  int    `json:"overall"`
	// Pron, Fluency and Integrity are the parts of the score; nil means the same as Overall.
	Pron      *int `json:"pron,omitempty"`
	Fluency   *int `json:"fluency,omitempty"`
	Integrity *int `json:"integrity,omitempty"`
}

// defaultScore is that of a text for which the fixtures have none.
const defaultScore = 80

// maxScore is a full score.
const maxScore = 100

// ScoreOf is the first of the scores that fits.
func (f *Fixtures) ScoreOf(coreType, refText string) Score {
	for _, s := range f.Scores {
		if fitsGlob(s.CoreType, coreType) && fitsGlob(withoutSlashes(s.RefText), withoutSlashes(refText)) {
			return s
		}
	}
	return Score{Overall: defaultScore}
}

// Part is a part of the score.
func (s *Score) Part(part *int) float64 {
	if part == nil {
		return float64(s.Overall)
	}
	return float64(*part)
}

func (s *Score) validate() error {
	for field, value := range map[string]*int{
		"overall": &s.Overall, "pron": s.Pron, "fluency": s.Fluency, "integrity": s.Integrity,
	} {
		if value != nil && (*value < 0 || *value > maxScore) {
			return &InvalidError{field, fmt.Sprintf("must be from 0 to %d, got %d", maxScore, *value)}
		}
	}
	if err := checkGlob("coreType", s.CoreType); err != nil {
		return err
	}
	return checkGlob("refText", s.RefText)
}
