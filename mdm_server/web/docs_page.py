"""The docs page: the OpenAPI document as a page for people, in one file that loads nothing from anywhere.

It is made once, on the server, from the same document that programs read; without a line of JavaScript it can be
served under the strictest Content-Security-Policy.
"""

from __future__ import annotations

import json
from html import escape
from importlib.resources import files
from typing import Any

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}
_METHODS = ("get", "post", "put", "delete")

Document = dict[str, Any]


def docs_page(document: Document) -> str:
    """Return the whole page."""
    style = files("mdm_server.web").joinpath("docs_page.css").read_text(encoding="utf-8")
    info = document["info"]
    operations = _by_tag(document)
    sections = "".join(
        _section(document, tag["name"], tag["description"], operations[tag["name"]]) for tag in document["tags"]
    )
    contents = "".join(
        f'<li><a href="#{_anchor(tag["name"])}">{escape(tag["name"])}</a><ul>'
        + "".join(
            f'<li><a href="#{operation["operationId"]}">{escape(operation["summary"].rstrip("."))}</a></li>'
            for _, _, operation in operations[tag["name"]]
        )
        + "</ul></li>"
        for tag in document["tags"]
    )
    lead, *paragraphs = [f"<p>{_prose(paragraph)}</p>" for paragraph in info["description"].split("\n\n")]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}</title><style>{style}</style></head><body>"
        f'<nav aria-label="Contents"><p class="product">mdmsim <small>{escape(info["version"])}</small></p>'
        f"<ul>{contents}</ul>"
        '<p class="raw"><a href="/api/openapi.json">openapi.json</a> <small>OpenAPI 3.1, for programs</small></p></nav>'
        f'<main><header><h1>{escape(info["title"])}</h1><div class="lead">{lead}</div>{"".join(paragraphs)}'
        f"{_first_call(document)}</header>{sections}{_types(document)}</main></body></html>"
    )


def _by_tag(document: Document) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                found[methods[method]["tags"][0]].append((method, path, methods[method]))
    return found


def _first_call(document: Document) -> str:
    path = next(iter(document["paths"]))
    command = (
        f"curl --cacert ca.pem https://127.0.0.1:8443{path} \\\n"
        '     --header "Authorization: Bearer $MDMSIM_ADMIN_TOKEN"'
    )
    return f'<figure><figcaption>A first call</figcaption><pre tabindex="0">{escape(command)}</pre></figure>'


def _section(document: Document, tag: str, summary: str, operations: list[tuple[str, str, dict[str, Any]]]) -> str:
    body = "".join(_operation(document, method, path, operation) for method, path, operation in operations)
    return f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2><p class="about">{escape(summary)}</p>{body}</section>'


def _operation(document: Document, method: str, path: str, operation: dict[str, Any]) -> str:
    description = "".join(f"<p>{_prose(part)}</p>" for part in operation.get("description", "").split("\n\n") if part)
    path_html = escape(path).replace("{", "<var>{").replace("}", "}</var>")
    return (
        f'<article id="{operation["operationId"]}"><h3>{escape(operation["summary"].rstrip("."))}</h3>'
        f'<p class="call"><b class="{method}">{method.upper()}</b> <code>{path_html}</code></p>'
        f"{description}{_parameters(document, operation)}{_request(document, operation)}{_answers(operation)}</article>"
    )


def _parameters(document: Document, operation: dict[str, Any]) -> str:
    rows = "".join(
        _row(parameter["name"], parameter["schema"], "in the path" if parameter["in"] == "path" else "in the query")
        for parameter in operation["parameters"]
    )
    return f"<h4>Parameters</h4>{_table(rows)}" if rows else ""


def _request(document: Document, operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return ""
    media_type, description = next(iter(content.items()))
    schema = description.get("schema")
    if schema is None:
        return f"<h4>Body</h4><p>A file, <code>{escape(media_type)}</code>.</p>"
    return f"<h4>Body</h4>{_properties(_resolve(document, schema))}"


def _answers(operation: dict[str, Any]) -> str:
    answers = []
    for status, response in operation["responses"].items():
        content: dict[str, dict[str, Any]] = response.get("content", {})
        media_type, description = next(iter(content.items()), ("", {}))
        if int(status) >= 400:
            continue
        what = _type(description["schema"]) if "schema" in description else f"<code>{escape(media_type)}</code>"
        answers.append(f'<b class="ok">{status}</b> {what if content else "nothing to say"}')
    refusals = " ".join(
        f'<b title="{escape(response["description"])}">{status}</b>'
        for status, response in operation["responses"].items()
        if int(status) >= 400
    )
    problem = f'<span>or <a href="#type-Problem">Problem</a> {refusals}</span>'
    return f'<p class="answers">Answers {" ".join(answers)} {problem}</p>'


def _types(document: Document) -> str:
    articles = "".join(
        f'<article id="type-{name}" class="type"><h3>{escape(name)}</h3>'
        f"<p>{_prose(schema.get('description', ''))}</p>{_properties(schema)}</article>"
        for name, schema in sorted(document["components"]["schemas"].items())
    )
    return f'<section id="types"><h2>Types</h2><p class="about">What goes in and comes out.</p>{articles}</section>'


def _properties(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "<p>" + " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"]) + "</p>"
    required = schema.get("required", [])
    return _table(
        "".join(
            _row(name, value, "required" if name in required else "")
            for name, value in schema.get("properties", {}).items()
        )
    )


def _table(rows: str) -> str:
    return f'<div class="scroll"><table>{rows}</table></div>' if rows else ""


def _row(name: str, schema: dict[str, Any], note: str) -> str:
    default = schema.get("default")
    notes = [f"<small>{note}</small>"] if note else []
    if default not in (None, "", {}, []):
        notes.append(f"<small>default <code>{escape(json.dumps(default))}</code></small>")
    description = _prose(_described(schema))
    cells = f"<td>{_type(schema)}</td><td>{description} {' '.join(notes)}</td>"
    return f'<tr><th scope="row"><code>{escape(name)}</code></th>{cells}</tr>'


def _described(schema: dict[str, Any]) -> str:
    if "description" in schema:
        return str(schema["description"])
    return next((str(option["description"]) for option in schema.get("anyOf", []) if "description" in option), "")


def _type(schema: dict[str, Any]) -> str:
    """Say a JSON Schema in a word or two."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"] if option.get("type") != "null")
    if "enum" in schema:
        return " | ".join(escape(json.dumps(value)) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return f"object of {_type(schema.get('additionalProperties') or {})}"
    word = {"integer": "number", "string": schema.get("format", "string")}.get(
        str(schema.get("type")), schema.get("type")
    )
    return escape(str(word or "anything")) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    return f" <small>{'' if low is None else low}…{'' if high is None else high}</small>"


def _resolve(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _prose(text: str) -> str:
    """Escape text, and set what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _anchor(tag: str) -> str:
    return "about-" + tag.lower().replace(" ", "-")
