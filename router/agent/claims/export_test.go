package claims

// Cleaned lets tests see what a text is before it is marked.
func (f *Facts) Cleaned(text string) string { return f.cleaned(text) }
