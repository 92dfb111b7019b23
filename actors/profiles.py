"""How endpoints differ, as data: `PROFILES` has the known ones by name, and a `Profile` of one's own is as good.

Each entry says what is sent and why; where models behind one endpoint differ, the newest are meant, and a `body`
field says otherwise for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import msgspec

from actors.errors import ConfigError
from actors.settings import HEADER_NAME, JsonObject, Pairs, Settings


class Thinking(Settings, frozen=True):
    """What the body says when thinking is asked for, or refused; empty: nothing can be said."""

    on: JsonObject = msgspec.field(default_factory=dict)
    off: JsonObject = msgspec.field(default_factory=dict)


def _effort(on: str) -> Thinking:
    return Thinking(on={"reasoning_effort": on}, off={"reasoning_effort": "none"})


THINKING: Mapping[str, Thinking] = MappingProxyType(
    {
        "none": Thinking(),
        "enable_thinking": Thinking(on={"enable_thinking": True}, off={"enable_thinking": False}),
        "thinking": Thinking(on={"thinking": {"type": "enabled"}}, off={"thinking": {"type": "disabled"}}),
        "reasoning_effort": _effort("medium"),
        "reasoning": Thinking(on={"reasoning": {"enabled": True}}, off={"reasoning": {"effort": "none"}}),
        "chat_template_kwargs": Thinking(
            on={"chat_template_kwargs": {"enable_thinking": True}},
            off={"chat_template_kwargs": {"enable_thinking": False}},
        ),
    }
)
"""The switches by name, as `Profile.thinking` takes them."""


Structured: TypeAlias = Literal["json_schema", "json_object", "tool", "prompt"]
"""How an answer of a type is asked for.

- `json_schema`: by its schema in `response_format`;
- `json_object`: by `response_format` for any JSON, and the schema in the system's words;
- `tool`: by a tool that takes the answer, and that must be called;
- `prompt`: by the system's words alone.
"""


class Profile(Settings, frozen=True):
    """What an endpoint wants said differently: data, not branches."""

    thinking: Thinking = Thinking()
    """How `enable_thinking` is written; the name of one in `THINKING` is taken too."""
    stream_usage: bool = True
    """Whether `stream_options.include_usage` is sent."""
    renames: Pairs = ()
    """Body fields that have another name here, as (usual, here)."""
    body: JsonObject = msgspec.field(default_factory=dict)
    """Body fields that are always sent."""
    query: Pairs = ()
    """Query parameters that are always sent."""
    key_header: str = "authorization"
    """The header that carries the key: `authorization` with `Bearer `, any other with the key alone."""
    structured: Structured = "json_schema"
    """How an answer of a type is asked for (`returns`)."""
    structured_with_tools: Structured | None = None
    """The same where the session has tools; None: as without."""
    base_url: str | None = None
    """Where it answers, if that is the same for all."""
    key_variable: str | None = None
    """The environment variable that holds the key by the provider's own convention."""
    provider: str = "openai"
    """`gen_ai.provider.name` in the log."""

    def __post_init__(self) -> None:
        given: Any = self.thinking
        if isinstance(given, str):
            if given not in THINKING:
                self._refuse(
                    "thinking", f"must be one of {', '.join(THINKING)}, or a Thinking, got {given!r}"
                )
            msgspec.structs.force_setattr(self, "thinking", THINKING[given])
        self._to_pairs("renames", "query")
        super().__post_init__()
        if not HEADER_NAME.fullmatch(self.key_header):
            self._refuse("key_header", f"{self.key_header!r} is no header name")
        msgspec.structs.force_setattr(self, "key_header", self.key_header.lower())

    def __hash__(self) -> int:
        return hash((self.provider, self.base_url, self.key_header))


_COMPLETION_TOKENS = (("max_tokens", "max_completion_tokens"),)
_MAX_TOKENS = (("max_completion_tokens", "max_tokens"),)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        # Reasoning models refuse `max_tokens`; the others take both names. `none` is known since GPT-5.1.
        "openai": Profile(
            base_url="https://api.openai.com/v1",
            key_variable="OPENAI_API_KEY",
            thinking=_effort("medium"),
            renames=_COMPLETION_TOKENS,
        ),
        # base_url: https://RESOURCE.openai.azure.com/openai/v1 (the model is the deployment's name; no api-version),
        # or .../openai/deployments/DEPLOYMENT with query={"api-version": "2024-10-21"}.
        "azure": Profile(
            key_variable="AZURE_OPENAI_API_KEY",
            key_header="api-key",
            thinking=_effort("medium"),
            renames=_COMPLETION_TOKENS,
            provider="azure.ai.openai",
        ),
        # Its own `reasoning` object works for all models behind it; keep-alives come as comments; a provider that
        # fails in mid-stream is an error inside the 200.
        "openrouter": Profile(
            base_url="https://openrouter.ai/api/v1",
            key_variable="OPENROUTER_API_KEY",
            thinking=THINKING["reasoning"],
            provider="openrouter",
        ),
        # The switch is the chat template's. Thoughts come apart only with --reasoning-parser. A schema keeps the model
        # from calling tools unless one must be called (vllm issue 39929).
        "vllm": Profile(
            base_url="http://127.0.0.1:8000/v1",
            thinking=THINKING["chat_template_kwargs"],
            structured_with_tools="tool",
            provider="vllm",
        ),
        # The same switch. Idle connections are closed at 5 s, and the first delta is `content: null`. A schema becomes
        # a grammar, which leaves no room for calls.
        "llama.cpp": Profile(
            base_url="http://127.0.0.1:8080/v1",
            thinking=THINKING["chat_template_kwargs"],
            structured_with_tools="tool",
            provider="llama.cpp",
        ),
        # `think` is not known on this path; unknown fields are dropped without a word, `max_completion_tokens`
        # and `tool_choice` too. A schema keeps the model from calling tools.
        "ollama": Profile(
            base_url="http://127.0.0.1:11434/v1",
            thinking=_effort("medium"),
            renames=_MAX_TOKENS,
            structured_with_tools="prompt",
            provider="ollama",
        ),
        # Thinks unless told not to; sampling fields then have no effect, and no tool can be forced. Knows
        # `json_object` alone, wants the word JSON in the prompt, and blanks out what is none.
        "deepseek": Profile(
            base_url="https://api.deepseek.com",
            key_variable="DEEPSEEK_API_KEY",
            thinking=THINKING["thinking"],
            renames=_MAX_TOKENS,
            structured="json_object",
            structured_with_tools="prompt",
            provider="deepseek",
        ),
        # Qwen takes `default` and `none`, gpt-oss `low` to `high` and no off. Usage also comes inside `x_groq`.
        # `response_format` goes neither with a stream nor with tools.
        "groq": Profile(
            base_url="https://api.groq.com/openai/v1",
            key_variable="GROQ_API_KEY",
            thinking=_effort("default"),
            renames=_COMPLETION_TOKENS,
            structured="tool",
            provider="groq",
        ),
        # Refuses fields that it does not know (422), `include_usage` among them; usage comes by itself. Knows no
        # effort but `high` and `none`. Thoughts come as parts of `content`. A schema is known to go badly with tools.
        "mistral": Profile(
            base_url="https://api.mistral.ai/v1",
            key_variable="MISTRAL_API_KEY",
            thinking=_effort("high"),
            stream_usage=False,
            renames=(*_MAX_TOKENS, ("seed", "random_seed")),
            structured_with_tools="tool",
            provider="mistral_ai",
        ),
        # `none` is refused by models that always think (2.5 Pro, 3). Errors come as a list of one object.
        # A schema beside tools is refused before version 3.
        "gemini": Profile(
            base_url="https://generativelanguage.googleapis.com/v1beta/openai",
            key_variable="GEMINI_API_KEY",
            thinking=_effort("medium"),
            structured_with_tools="tool",
            provider="gcp.gemini",
        ),
    }
)


def profile_named(name: str) -> Profile:
    """The known profile of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PROFILES:
        raise ConfigError("Endpoint.profile", f"{name!r} is none; there are {', '.join(PROFILES)}")
    return PROFILES[name]
