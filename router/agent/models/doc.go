// Package models opens the models that people choose, by reference, and asks them one turn at a time.
//
// # References
//
// A reference is PROVIDER/MODEL, such as anthropic/claude-opus-4-6, ollama/gemma4:31b, openai/gpt-5.4, google/gemini-2.5-flash and
// cohere/command-a-03-2025, or an alias of one. "default" and "research" are aliases that are always there: of [Settings].Default,
// and of [Settings].Research (of the default where that is empty).
//
//	provider   key                               URL, without a slash at its end                      keyless
//	anthropic  ANTHROPIC_API_KEY                 ANTHROPIC_BASE_URL, https://api.anthropic.com        no
//	cohere     COHERE_API_KEY, CO_API_KEY        https://api.cohere.ai                                no
//	google     GOOGLE_API_KEY, GEMINI_API_KEY    https://generativelanguage.googleapis.com            no
//	ollama     none                              OLLAMA_HOST, http://127.0.0.1:11434                  yes
//	openai     OPENAI_API_KEY                    OPENAI_BASE_URL, https://api.openai.com/v1           on loopback
//
// Of two variables the first counts, as it does for Google's own client, which says so on stderr where both are set. What
// [Settings].Providers says goes over them. Any server that speaks OpenAI's chat completions can be reached as openai
// (with a key, over https or on this machine) or as ollama (without one). Nothing is sent anywhere before a model is asked, or the
// models are listed.
//
// # Wires
//
// OpenAI, and with its wire Ollama, Cohere and Gemini to 2.x, are langchaingo's openai client; Anthropic is its anthropic client;
// Gemini from 3 on is googleModel, because langchaingo loses what that must be told again. What langchaingo (0.1.14) gets wrong is
// mended underneath it, in an [http.RoundTripper] that knows the wire:
//
//   - Messages of one part each are joined to turns: APIs refuse calls that are not answered by the next message.
//   - What a model must be told again of its own turn (its signed thinking, what hangs on its calls) is kept, and put back.
//   - temperature, which newer models refuse, is not sent; Cohere is not sent stream_options, which it refuses.
//   - A model that refuses tools while it thinks, as gpt-5.6 does there, is asked again without thinking.
//   - Streams are read here: langchaingo takes a stream that was cut off for whole, and leaks where one ends in an error.
//   - Refusals, blocks of unknown types, empty answers and answers of odd shape, some of which make it panic, are made plain ones.
//   - A failure is a [adapters.SourceError] with what to do about it; langchaingo has strings.
//
// A key goes to the host of its provider and nowhere else: redirects are not followed, plain http is for loopback alone, and no error
// has a key in it. A request and an answer are 8 MiB at most.
//
// # Limits
//
// Ollama cuts what is longer than its context without saying so. Where it has little memory for graphics that context is 4096 tokens,
// which the tools alone nearly fill, so it is asked ([Model.Context]). No request can change it: OLLAMA_CONTEXT_LENGTH does.
//
// Ollama, Cohere and Gemini to 2.x have no word for a refusal. A short answer that says in English that the model cannot help, assist,
// comply, fulfil the request or do that is taken for one; any other is an answer.
package models
