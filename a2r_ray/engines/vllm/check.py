"""What can be checked without loading a model: that it is there, vLLM's arguments, and how long prompts are."""

from a2r_ray.config.schema import RoleConfig
from a2r_ray.engines import Facts
from a2r_ray.engines.vllm.arguments import check_sampling, check_there, engine_arguments, prepare_environment
from a2r_ray.engines.vllm.chats import Chats
from a2r_ray.errors import EngineError


def check(role: RoleConfig) -> Facts:
    """The model's context and its tokenizer.

    Raises:
        EngineError: there is no such model, or vLLM refuses an argument for it.
    """
    prepare_environment(role)
    from vllm import EngineArgs
    from vllm.tokenizers import cached_tokenizer_from_config

    arguments = EngineArgs(**engine_arguments(role, seeded=False))
    check_sampling(role.sampling)
    check_there(role.model)
    try:
        model = arguments.create_model_config()
        chats = Chats(cached_tokenizer_from_config(model))
    except Exception as error:
        text = " ".join(str(error).split())
        raise EngineError(f"vLLM does not take {role.model}: {type(error).__name__}: {text}") from error
    return Facts(
        model.max_model_len,
        lambda messages: len(chats.encode(messages, role.chat.template_kwargs, role.thinking).token_ids),
    )
