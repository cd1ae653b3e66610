// Package terraform plans and runs commands of terraform: the gate's [adapters.Runner] for it.
//
// # Which configuration
//
// Only folders that were configured are worked on (terraform.folders), named by -chdir: the whole path, or as much of its end
// as tells it from the others. A single folder needs no -chdir. The folders have to be out of the agent's reach: a
// configuration is a program. Folders where everybody may write are refused, and so are links to other folders.
//
// A person has run `terraform init` there before. It downloads programs, so it is not run from here.
//
// # What is approved
//
// An apply of a saved plan (`terraform apply release.tfplan`) is bound to the digest of that file, and is shown by what is in
// it. Nothing but terraform and the providers' schemas runs before the approval.
//
// An apply or destroy without one is planned into a private file, without a lock, and shown by that. Planning runs the providers
// and the data sources of the configuration, before anybody has approved; folders for which hashicorp/external is installed,
// whose very purpose there is to run any program, therefore need the two steps `terraform plan -out=release.tfplan` and
// `terraform apply release.tfplan`, each approved by itself.
//
// The plan holds the digest of every file in the folder and its modules, the lineage and the serial of the state, and each
// attribute that changes. Sensitive values are told as "(sensitive)", and so is every other value that one is in: terraform itself
// shows those copies in clear. That a sensitive value is another one than at approval is therefore not seen by itself; files,
// variables and state are compared all the same. Long values are cut and told by their digest.
//
// Provisioners that an approved change would run are resources of the plan, with [adapters.ActionRun].
//
// # What is run
//
// Run makes the plan once more and compares it with what was approved, to the byte, then applies that very plan file. When
// anything differs nothing is started. Scripts and templates that a provisioner reads from the folder while it is applied are
// only bound until that comparison. Afterwards the state is read again, and what changed in it is reported. There is no undo.
//
// # With what
//
// The environment is built from nothing (see adapters/internal/command): no TF_CLI_ARGS, no TF_VAR, no .terraformrc, and an
// empty PATH, so a provisioner finds no program by name. Variables are those of [Options.Env], all of which the plan shows: no
// secret belongs there. Sign-ins are found by the files that exist in [Options.Home]: ~/.aws, the application default
// credentials of gcloud, ~/.azure and ~/.kube/config. Credentials in variables (AWS_SECRET_ACCESS_KEY, TF_TOKEN_...) are not
// passed on.
package terraform
