"""template.yaml with its parameters resolved, as CloudFormation does it, as far as possible without AWS.

Resolves parameters, conditions and intrinsic functions. Values that only a deployed stack has get a placeholder: the physical
id of a resource is its name, or `<LogicalId>` if it has none; an attribute is `<LogicalId.Attribute>`.
"""

from __future__ import annotations

import base64
import re
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.harness.emulator import ACCOUNT, REGION

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"

# The property with a resource's public name, by type. AWS rejects a second resource of the same name.
NAMES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::CloudWatch::InsightRule": "RuleName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SNS::Topic": "TopicName",
}
_NOTHING = object()


@cache
def _parse(path: Path) -> dict[str, Any]:
    """Reads a template. Cached, because parsing takes a good part of a second."""
    return dict(yaml_parse(path.read_text()))


class Template:
    """A template with values for its parameters, by default their defaults. Resources in `replaced` have another physical id,
    as after a replacement.
    """

    def __init__(
        self,
        values: dict[str, str] | None = None,
        path: Path = TEMPLATE,
        stack: str = "ping-deny",
        replaced: set[str] | None = None,
    ) -> None:
        self.source = _parse(path)
        self.stack = stack
        self.replaced = replaced or set()
        declared = self.source.get("Parameters", {})
        unknown = (values or {}).keys() - declared.keys()
        if unknown:
            raise KeyError(f"{path.name} has no parameter {', '.join(sorted(unknown))}")
        defaults = {name: str(parameter.get("Default", "")) for name, parameter in declared.items()}
        self.values = defaults | (values or {})

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources whose conditions are true, resolved."""
        found = {}
        for name, resource in self.source["Resources"].items():
            if "Condition" not in resource or self._condition(resource["Condition"]):
                found[name] = {
                    key: self.resolve(value) if key in ("Properties", "Metadata") else value for key, value in resource.items()
                }
        return found

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs whose conditions are true, resolved."""
        return {
            name: self.resolve(output["Value"])
            for name, output in self.source.get("Outputs", {}).items()
            if "Condition" not in output or self._condition(output["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Returns the properties of the resources of one type, by logical id."""
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] == kind}

    def resolve(self, value: Any) -> Any:
        """Resolves the intrinsic functions in a value."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name == "Condition" and isinstance(argument, str):
                return self._condition(argument)
            if name.startswith("Fn::"):
                return getattr(self, "_fn_" + name.removeprefix("Fn::").lower())(argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NOTHING}

    def _condition(self, name: str) -> bool:
        return bool(self.resolve(self.source["Conditions"][name]))

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::StackName": self.stack,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": _NOTHING,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.values:
            return self.values[name]
        resource = self.source["Resources"][name]
        named = NAMES.get(resource["Type"])
        if named and named in resource.get("Properties", {}):
            own = self.resolve(resource["Properties"][named])
            return f"arn:aws:sns:{REGION}:{ACCOUNT}:{own}" if resource["Type"] == "AWS::SNS::Topic" else own
        return f"<{name}{self._again(name)}>"

    def _again(self, name: str) -> str:
        return " anew" if name in self.replaced else ""

    def _fn_getatt(self, argument: Any) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        resource = self.source["Resources"][name]
        if attribute == "Arn" and resource["Type"] == "AWS::CloudWatch::Alarm":
            return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{self._ref(name)}"
        if attribute == "RuleName":
            return str(self._ref(name))
        return f"<{name}{self._again(name)}.{attribute}>"

    def _fn_sub(self, argument: Any) -> str:
        text, names = (argument, {}) if isinstance(argument, str) else argument
        own = {name: self.resolve(value) for name, value in names.items()}

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in own:
                return str(own[name])
            return str(self._fn_getatt(name) if "." in name and not name.startswith("AWS::") else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def _fn_if(self, argument: list[Any]) -> Any:
        condition, yes, no = argument
        return self.resolve(yes if self._condition(condition) else no)

    def _fn_equals(self, argument: list[Any]) -> bool:
        left, right = map(self.resolve, argument)
        return str(left) == str(right)

    def _fn_not(self, argument: list[Any]) -> bool:
        return not self.resolve(argument[0])

    def _fn_and(self, argument: list[Any]) -> bool:
        return all(map(self.resolve, argument))

    def _fn_or(self, argument: list[Any]) -> bool:
        return any(map(self.resolve, argument))

    def _fn_join(self, argument: list[Any]) -> str:
        separator, parts = argument
        return str(separator).join(map(str, self.resolve(parts)))

    def _fn_split(self, argument: list[Any]) -> list[str]:
        separator, text = argument
        return str(self.resolve(text)).split(separator)

    def _fn_select(self, argument: list[Any]) -> Any:
        index, items = argument
        return self.resolve(items)[int(index)]

    def _fn_getazs(self, _: Any) -> list[str]:
        return [f"{REGION}{letter}" for letter in "abc"]

    def _fn_base64(self, argument: Any) -> str:
        return base64.b64encode(str(self.resolve(argument)).encode()).decode()

    def _fn_findinmap(self, argument: list[Any]) -> Any:
        table, first, second = map(self.resolve, argument)
        return self.source["Mappings"][table][first][second]
