// Package learn tells classes of short texts apart, and how probable it is that it is right. It learns from examples alone,
// in seconds, without pretrained weights, and the same examples give the same model, bit by bit, on every machine.
//
//	model, err := learn.Train(examples, learn.Options{OutOfScope: 0.3})
//	accept := model.Threshold(0.01)            // at most 1 % of what is accepted is wrong
//	var scratch learn.Scratch                  // one for each goroutine
//	r := model.Score(text, &scratch)           // allocates nothing
//	if r.Probability >= accept { ... model.Class(r.Top[0]) ... }
//
// # What is learned
//
// Features of a text are its words, pairs of words that follow each other, stems and pairs of stems, stems that are near each
// other, runs of three to five letters within words, and the concepts that a lexicon found; each has a hash of 64 bits, and
// two with the same hash fail the training. A feature weighs 1 + log of how often it stands in the text, times the fourth
// root of its inverse document frequency: in short texts, more than that hurts. Each kind is brought to length one, so that
// long words do not outweigh the rest; what no example ever had counts in the length, so a text of strange words scores low. Pairs
// and letters that only one example has are left out: they double the model, and teach only that example by heart.
//
// Each class learns by itself what tells it from the others (a linear support vector machine with squared hinge, by dual
// coordinate descent), and naive Bayes is added: the sum of two linear models is one. Above 300 classes each learns against
// examples of the 30 nearest and a sample of all. Rows are centred, weights under 5 % of their row's largest dropped, and
// the rest kept in a byte, so that scores are sums of whole numbers: no rounding can differ anywhere.
//
// # How probable, and from where on
//
// In five rounds, models are trained without a fifth of the groups (authors, sources) and without a fifth of the classes.
// The texts of the groups left out come out right or wrong; those of the classes left out stand for what is out of scope. From
// that a probability is fitted to four signals: the log-odds of the best class against all others, how far classes that are not
// allowed speak against it, its logit, and its
// coverage, which is how much of the text it has ever seen. [Model.Threshold] turns a risk into a probability to accept,
// with the bound of Clopper and Pearson; it is infinite if the examples cannot prove the risk. All this holds for the share
// of questions out of scope that [Options] declare. It does not hold for questions that differ from an example by a word
// that turns the meaning ("restart the pods" for "list the pods"): these need examples of the class [Outside], or
// must be kept away before.
//
// # In a cache
//
// A model is bytes with a version and a checksum ([Model.MarshalBinary]); reading checks all of it, and damaged or hostile
// bytes are an error. Its [Model.Digest] is equal for equal models. [Key] names a model before it is trained.
//
// # Measured
//
// Weights of blocks were chosen on CLINC150's validation set, a sixth of the training of the others, and trainings with 10 and
// 20 examples for each class; the test sets tell the
// result (those with few examples were looked at on the way). Two shared cores, amd64, 2026-11:
//
//	go test -run '^$' -bench 'Public|Scale' -benchtime 2000x ./router/learn
//	go test -run '^$' -bench Outside -benchtime 1x ./router/learn
//
//	all accepted         accuracy   training, CPU   match p50 / p99   model    from cache
//	CLINC150             93.9 %     2.5 s           11 / 36 us        8.2 MB   10 ms
//	BANKING77            92.5 %     1.1 s           11 / 60 us        6.7 MB   10 ms
//	HWU64                88.9 %     0.7 s            8 / 32 us        6.0 MB    7 ms
//	1,000 classes x 100  (made up)  9.1 s           16 / 58 us        20 MB    28 ms
//
// With 10 and 20 examples for each class: CLINC150 82.9 and 88.2 %, BANKING77 74.5 and 83.4 %, HWU64 69.2 and 78.3 %.
//
// CLINC150 with its 1,000 questions out of scope (18 %), none of them learned from; 9.4 s of CPU with calibration:
//
//	share declared                            10 %          18 %          30 %
//	area under the ROC curve                  0.964         0.965         0.966
//	at Balance: in scope right / out left     90.2 / 87.9   88.0 / 91.2   84.3 / 94.8
//	risk 5 %: precision / in scope accepted   95.6 / 90.3   97.7 / 83.3   98.6 / 72.6
//	risk 2 %:                                 98.3 / 76.6   99.0 / 63.5   99.5 / 48.1
//	risk 1 %:                                 99.2 / 58.3   99.5 / 42.4   99.7 / 27.1
package learn
