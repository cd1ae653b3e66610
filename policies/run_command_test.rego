package clanker.run_command_test

import data.clanker.run_command

test_read if count(run_command.allow) == 1 with input as {"command": {"class": "read"}}
