/** The fields of the request messages that Google's front end knows (upstream-gemini.md section 3); any other name is refused. */

import type { Fields } from './simulator-proto.ts';

const text = { kind: 'string' } as const;
const anything = { kind: 'anything' } as const;
const number = { kind: 'number' } as const;
const int32 = { kind: 'int32' } as const;
const boolean = { kind: 'boolean' } as const;

const content = {
  kind: 'message',
  type: 'Content',
  fields: {
    role: text,
    parts: {
      kind: 'list',
      of: {
        kind: 'message',
        type: 'Part',
        fields: {
          text,
          inline_data: {
            kind: 'message',
            type: 'Blob',
            fields: { mime_type: text, data: { kind: 'bytes' }, display_name: text },
          },
          file_data: {
            kind: 'message',
            type: 'FileData',
            fields: { mime_type: text, file_uri: text, display_name: text },
          },
          thought: boolean,
          thought_signature: { kind: 'bytes' },
          media_resolution: anything,
          part_metadata: anything,
          function_call: anything,
          function_response: anything,
          executable_code: anything,
          code_execution_result: anything,
          video_metadata: anything,
        },
      },
    },
  },
} as const;

const generationConfig = {
  kind: 'message',
  type: 'GenerationConfig',
  fields: {
    response_modalities: {
      kind: 'list',
      of: {
        kind: 'enum',
        type: 'GenerationConfig.Modality',
        names: ['MODALITY_UNSPECIFIED', 'TEXT', 'IMAGE', 'AUDIO', 'VIDEO'],
      },
    },
    // personGeneration, prominentPeople, imageOutputOptions and outputMimeType exist on Vertex only.
    image_config: { kind: 'message', type: 'ImageConfig', fields: { aspect_ratio: text, image_size: text } },
    seed: int32,
    candidate_count: int32,
    temperature: number,
    top_p: number,
    top_k: number,
    max_output_tokens: int32,
    stop_sequences: { kind: 'list', of: text },
    presence_penalty: number,
    frequency_penalty: number,
    thinking_config: {
      kind: 'message',
      type: 'ThinkingConfig',
      fields: { thinking_level: text, include_thoughts: boolean, thinking_budget: int32 },
    },
    response_mime_type: text,
    // Known, but without effect here: imageConfig is what decides (section 3).
    response_format: anything,
    response_schema: anything,
    response_json_schema: anything,
    response_logprobs: boolean,
    logprobs: int32,
    media_resolution: text,
    speech_config: anything,
    enable_enhanced_civic_answers: boolean,
  },
} as const;

/** A GenerateContentRequest. */
export const generateFields: Fields = {
  model: text,
  contents: { kind: 'list', of: content },
  system_instruction: content,
  safety_settings: {
    kind: 'list',
    of: { kind: 'message', type: 'SafetySetting', fields: { category: text, threshold: text, method: text } },
  },
  tools: { kind: 'list', of: anything },
  tool_config: anything,
  cached_content: text,
  service_tier: text,
  store: boolean,
  generation_config: generationConfig,
};

/** A CountTokensRequest. */
export const countFields: Fields = {
  contents: { kind: 'list', of: content },
  generate_content_request: { kind: 'message', type: 'GenerateContentRequest', fields: generateFields },
};
