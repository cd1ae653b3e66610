package clanker.run_command

allow contains {"reason": "reads may run"} if input.command.class == "read"
