"""The `sam deploy` commands of the pages: their parameters, and what samconfig.toml has to add to them."""

from __future__ import annotations

import re
import shlex
import unittest
from pathlib import Path

from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig

from tests.harness.template import ROOT, Template

READMES = (ROOT / "README.md", ROOT / "README.ja.md")
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))


def commands(page: Path) -> list[list[str]]:
    """Returns the words of each command in a page's shell blocks, as a shell reads them; `a && b` is two commands."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.S | re.M):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            while "&&" in words:
                at = words.index("&&")
                found.append(words[:at])
                words = words[at + 1 :]
            found.append(words)
    return [words for words in found if words]


def parameters(command: list[str]) -> dict[str, str]:
    """Returns the parameters that a command gives, as SAM reads them."""
    if "--parameter-overrides" not in command:
        return {}
    after = command[command.index("--parameter-overrides") + 1 :]
    values = [word for word in after[: next((i for i, word in enumerate(after) if word.startswith("--")), None)]]
    return dict(CfnParameterOverridesType().convert(values, None, None))


class Commands(unittest.TestCase):
    """Every `sam deploy` that a page shows."""

    def test_parameters_exist_and_allow_the_values(self) -> None:
        """A page is not changed with the template by itself."""
        declared = Template().source["Parameters"]
        given = [(page.name, parameters(c)) for page in PAGES for c in commands(page) if c[:2] == ["sam", "deploy"]]
        self.assertGreater(sum(map(bool, (values for _, values in given))), 3)
        for page, values in given:
            for name, value in values.items():
                self.assertIn(name, declared, page)
                self.assertRegex(value, rf"\A(?:{declared[name].get('AllowedPattern', '.*')})\Z", f"{page}: {name}")
                self.assertIn(value, map(str, declared[name].get("AllowedValues", [value])), f"{page}: {name}")


class FirstDeployment(unittest.TestCase):
    """The READMEs' one command with two values."""

    def command(self, page: Path) -> list[str]:
        """The first deployment of a page, which follows on `sam build`."""
        found = commands(page)
        at = next(i for i, words in enumerate(found) if words[:2] == ["sam", "deploy"])
        self.assertEqual(found[at - 1], ["sam", "build"], page.name)
        return found[at]

    def test_it_gives_two_values_and_nothing_else(self) -> None:
        """The same in both languages."""
        for page in READMES:
            command = self.command(page)
            self.assertEqual(list(parameters(command)), ["AlertEmail", "FlowLogResourceId"])
            self.assertEqual([word for word in command if word.startswith("-")], ["--parameter-overrides"])
        self.assertEqual(*map(self.command, READMES))

    def test_all_other_parameters_have_a_default(self) -> None:
        """CloudFormation refuses a stack with a parameter that has no value."""
        without = {name for name, parameter in Template().source["Parameters"].items() if "Default" not in parameter}
        for page in READMES:
            self.assertLessEqual(without, parameters(self.command(page)).keys())

    def test_samconfig_has_what_the_command_leaves_out(self) -> None:
        """SAM asks for the stack's name and a bucket, and CloudFormation for a capability, where neither names them."""
        options = SamConfig(ROOT).get_all(cmd_names=["deploy"], section="parameters")
        self.assertTrue(options["stack_name"])
        self.assertIs(options["resolve_s3"], True)
        self.assertIs(options["confirm_changeset"], False, "nobody is asked")
        roles = Template().of_type("AWS::IAM::Role").values()
        self.assertFalse([role for role in roles if "RoleName" in role], "these would need CAPABILITY_NAMED_IAM")
        self.assertEqual(options["capabilities"], "CAPABILITY_IAM")
        # A list here would be replaced as a whole by the command's; a region here would be another one than the profile's.
        self.assertFalse({"parameter_overrides", "region", "profile"} & options.keys())


if __name__ == "__main__":
    unittest.main()
