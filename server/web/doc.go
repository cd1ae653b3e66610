// Package web is where operators are: the page on which people see what would run and approve it, and the interface that the
// page and the terminal commands share. It has a listener of its own, beside the one of the agents.
//
// # Who gets in
//
// Connections of this user only (or of those that are configured), on loopback. The Host must be exactly the page's own,
// http://localhost:39394: passkeys belong to the name localhost, and a page that reached the port by another name is not
// ours. A request that a browser makes for a page from elsewhere is refused, whatever it asks; nothing may frame the page,
// and the page loads nothing from anywhere else. Whatever changes something brings a token that counts once, which only a
// page of this origin can have read, together with a cookie that no other site can send.
//
// None of that lets anybody approve. What counts is the signature under the statement, which the gate checks: this package
// only carries it.
//
// # The page
//
// It is a document, two style sheets and a few modules in the folder static, without a framework or a build step. All of it is
// made of text nodes: what comes from outside is escaped here and once more in the browser, and no markup is made of it. Before
// anything is signed the page holds the statement against what it shows: the proposal, its digest, the digest of the view, the
// verdict, the person, the workspace, and the challenge that the passkey gets. A long word of the command has to be opened
// before the command can be approved, and for what destroys its name has to be typed; both help careful people, and stop nobody
// who talks to the interface without the page.
//
// # Enrolment
//
// The first operator brings a one-time code, which the workspace shows on its terminal. From then on every change of who may
// approve is a proposal like any other, which people who are enrolled have to approve.
package web
