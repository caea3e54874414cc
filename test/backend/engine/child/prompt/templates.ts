/**
 * Chat templates of this project's own that do what those of real models do with a conversation. They leave out what the
 * two implementations of Jinja do differently: `length` counts bytes in llama.cpp, and `lstrip` ignores its argument in
 * the other one.
 */
export const templates: Readonly<Record<string, string>> = {
  plain: `{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`,

  trimmed: `{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}`,

  stripped: `{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content.strip() if m.role == 'user' else m.content.rstrip() }}<|im_end|>
{% endfor %}<|im_start|>assistant
`,

  thinking: `{% for m in messages %}<|im_start|>{{ m.role }}
{% if m.role == 'assistant' and '</think>' in m.content %}{{ m.content.split('</think>')[-1].lstrip() }}{% else %}{{ m.content }}{% endif %}<|im_end|>
{% endfor %}<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false %}<think>

</think>

{% endif %}`,

  lastQuestion: `{%- set ns = namespace(last=-1, open=true) -%}
{%- for m in messages[::-1] -%}
  {%- set index = messages | length - 1 - loop.index0 -%}
  {%- if ns.open and m.role == 'user' and not (m.content.startswith('<result>') and m.content.endswith('</result>')) -%}
    {%- set ns.last = index -%}{%- set ns.open = false -%}
  {%- endif -%}
{%- endfor -%}
{%- for m in messages -%}
  {{- '<|im_start|>' ~ m.role ~ '\\n' -}}
  {%- if m.role == 'assistant' and loop.index0 > ns.last and not loop.last -%}{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}
  {{- m.content ~ '<|im_end|>\\n' -}}
{%- endfor -%}
{{- '<|im_start|>assistant\\n' -}}`,

  instructions: `{%- if messages[0].role == 'system' -%}
  {%- set system = messages[0].content | trim -%}{%- set rest = messages[1:] -%}
{%- else -%}
  {%- set system = '' -%}{%- set rest = messages -%}
{%- endif -%}
{{- bos_token -}}
{%- for m in rest -%}
  {%- if (m.role == 'user') != (loop.index0 % 2 == 0) -%}
    {{- raise_exception('Roles must alternate: user, assistant, user, …') -}}
  {%- endif -%}
  {%- if m.role == 'user' -%}
    {{- '[INST] ' ~ (system ~ '\\n\\n' if loop.first and system else '') ~ m.content ~ ' [/INST]' -}}
  {%- else -%}
    {{- ' ' ~ m.content ~ eos_token -}}
  {%- endif -%}
{%- endfor -%}`,

  noSystemRole: `{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}
{%- for message in messages -%}
  {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
  {{ '<|im_start|>' + role + '\\n' + message['content'] | trim + '<|im_end|>\\n' }}
{%- endfor -%}
{% if add_generation_prompt %}{{ '<|im_start|>model\\n' }}{% endif %}`,

  silentAboutSystem: `{% for m in messages %}{% if m.role == 'user' %}<|user|>
{{ m.content }}<|end|>
<|assistant|>
{% elif m.role == 'assistant' %}{{ m.content }}<|end|>
{% endif %}{% endfor %}`,

  dated: `{%- set today = strftime_now('%d %b %Y') if strftime_now is defined else '26 Jul 2024' -%}
{%- if messages[0]['role'] == 'system' -%}
  {%- set system_message = messages[0]['content'] | trim -%}{%- set messages = messages[1:] -%}
{%- else -%}{%- set system_message = '' -%}{%- endif -%}
{{- '<|im_start|>system\\nToday Date: ' + today + '\\n\\n' + system_message + '<|im_end|>' -}}
{%- for message in messages -%}
  {{- '<|im_start|>' + message.role + '\\n\\n' + message.content | trim + '<|im_end|>' -}}
{%- endfor -%}
{{- '<|im_start|>assistant\\n\\n' -}}`,

  macros: `{%- macro body(content) -%}
  {%- if content is string -%}{{- content -}}
  {%- elif content is iterable -%}
    {%- for part in content -%}{%- if part is mapping and part.type == 'text' -%}{{- part.text -}}{%- endif -%}{%- endfor -%}
  {%- else -%}{{- raise_exception('Invalid content') -}}{%- endif -%}
{%- endmacro -%}
{%- for m in messages -%}
{{- '<|im_start|>' ~ m.role ~ '\\n' -}}{{- body(m.content) -}}{{- '<|im_end|>\\n' -}}
{%- endfor -%}{{- '<|im_start|>assistant\\n' -}}`,

  tools: `{%- if tools -%}
{{- '<|im_start|>system\\n' -}}
{%- if messages[0].role == 'system' -%}{{- messages[0].content ~ '\\n\\n' -}}{%- endif -%}
{{- '# Tools\\n' -}}
{%- for tool in tools -%}{{- tool.function.name ~ ': ' ~ tool.function.description | default('none') ~ '\\n' -}}{%- endfor -%}
{{- '<|im_end|>\\n' -}}
{%- elif messages[0].role == 'system' -%}
{{- '<|im_start|>system\\n' ~ messages[0].content ~ '<|im_end|>\\n' -}}
{%- endif -%}
{%- for m in messages if m.role != 'system' -%}
{{- '<|im_start|>' ~ m.role ~ '\\n' ~ m.content ~ '<|im_end|>\\n' -}}
{%- endfor -%}{{- '<|im_start|>assistant\\n' -}}`,

  filters: `{%- set systems = messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | list -%}
{%- set turns = messages | rejectattr('role', 'equalto', 'system') | list -%}
{{- systems | join('\\n') ~ ('\\n\\n' if systems else '') -}}
{%- for m in turns -%}
{{- '### ' ~ m.role | upper ~ ' ' ~ loop.index ~ '/' ~ loop.length ~ ' (' ~ loop.revindex0 ~ ' left):\\n' -}}
{{- m.content | replace('\\r\\n', '\\n') -}}{{- '\\n\\n' if not loop.last else '\\n' -}}
{%- endfor -%}
{{- '### ASSISTANT:\\n' -}}`,

  headed: `{% for message in messages %}{% if loop.first and message.role != 'system' %}<|im_start|>system
You are a test.<|im_end|>
{% endif %}<|im_start|>{{ message.role }}{% if '{{' in message.content and not message.content.startswith(' ') %} (code){% endif %}
{{ message.content }}{% if not loop.last %}<|im_end|>{% else %}<|im_end|>{% endif %}
{% endfor %}<|im_start|>assistant
`,

  partsOnly: `{% for m in messages %}<|im_start|>{{ m.role }}
{% for part in m.content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>
{% endfor %}<|im_start|>assistant
`,

  noSpecials: `{% for m in messages %}{{ m.role | capitalize }}: {{ m.content }}
{% endfor %}Assistant:`,
}

/** Templates that lose messages. */
export const losing = {
  lastOnly: `<|im_start|>user
{{ messages[-1].content }}<|im_end|>
<|im_start|>assistant
`,
  usersOnly: `{% for m in messages if m.role == 'user' %}<|im_start|>user
{{ m.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
`,
}
