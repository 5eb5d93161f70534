/** Z.ai's business codes with their texts and usual HTTP statuses (upstream-glm-image.md section 6). */

import type { Exchange, Reply } from '../../sandbox/kit.ts';

/** `{0}` stands for the field, model method or id that the text names. */
interface BusinessCode {
  status: number;
  english: string;
  chinese: string;
}

/** https://docs.z.ai/api-reference/api-code and its Chinese twin. */
const businessCodes = {
  '500': { status: 500, english: 'Internal Error', chinese: '内部错误' },
  '1000': { status: 401, english: 'Authentication Failed', chinese: '身份验证失败' },
  '1001': {
    status: 401,
    english: 'Authentication parameter not received in Header, unable to authenticate',
    chinese: 'Header中未收到Authorization参数，无法进行身份验证。',
  },
  '1002': {
    status: 401,
    english:
      'Invalid Authentication Token, please confirm the correct transmission of the Authentication Token',
    chinese: 'Authorization Token非法，请确认Authorization Token正确传递。',
  },
  '1003': {
    status: 401,
    english: 'Authentication Token has expired, please regenerate/obtain the Authentication Token',
    chinese: 'Authorization Token已过期，请重新生成/获取。',
  },
  '1004': {
    status: 401,
    english: 'Authentication with the provided Authentication Token has failed',
    chinese: '通过提供的Authorization Token验证失败。',
  },
  '1112': {
    status: 429,
    english: 'Your account has been locked. Please contact customer service to unlock',
    chinese: '您的账户已被锁定，请联系客服解锁。',
  },
  '1113': {
    status: 429,
    english: 'Insufficient balance or no resource package. Please recharge.',
    chinese: '余额不足或无可用资源包,请充值。',
  },
  '1210': {
    status: 400,
    english: 'Incorrect API call parameters. Please check the documentation',
    chinese: 'API 调用参数有误，请检查文档。',
  },
  '1211': {
    status: 400,
    english: 'Model does not exist. Please check the model code',
    chinese: '模型不存在，请检查模型代码。',
  },
  '1212': {
    status: 400,
    english: 'Current model does not support {0} call method',
    chinese: '当前模型不支持{0}调用方式。',
  },
  '1213': { status: 400, english: '{0} parameter not received properly', chinese: '未正常接收到{0}参数。' },
  '1214': {
    status: 400,
    english: 'Invalid {0} parameter. Please check the documentation',
    chinese: '{0}参数非法。请检查文档。',
  },
  '1220': {
    status: 403,
    english: 'You do not have permission to access {0}',
    chinese: '您无权访问{0}。',
  },
  '1222': { status: 404, english: 'API {0} does not exist', chinese: 'API {0}不存在。' },
  '1230': { status: 500, english: 'API call process error', chinese: 'API 调用流程出错。' },
  '1231': {
    status: 400,
    english: 'You already have a request: {0}',
    chinese: '您已有请求：{0}。',
  },
  '1233': { status: 404, english: 'Task {0} does not exist', chinese: '任务{0}不存在。' },
  '1234': {
    status: 500,
    english: 'Network error, error id: {0}. Please contact customer service',
    chinese: '网络错误，错误id：{0}，请联系客服。',
  },
  '1300': { status: 400, english: 'API call blocked by policy', chinese: 'API 调用被策略阻止。' },
  '1301': {
    status: 400,
    english:
      'System detected potentially unsafe or sensitive content in input or generation. Please avoid using prompts that may generate sensitive content. Thank you for your cooperation.',
    chinese:
      '系统检测到输入或生成内容可能包含不安全或敏感内容，请您避免输入易产生敏感内容的提示语，感谢您的配合。',
  },
  '1302': {
    status: 429,
    english:
      'High concurrency usage of this API. Please reduce concurrency or contact customer service to increase limits',
    chinese: '您当前使用该API的并发数过高，请降低并发，或联系客服增加限额。',
  },
  '1303': {
    status: 429,
    english:
      'High frequency usage of this API. Please reduce frequency or contact customer service to increase limits',
    chinese: '您当前使用该API的频率过高，请降低频率，或联系客服增加限额。',
  },
  '1304': {
    status: 429,
    english:
      'Daily call limit for this API reached. For more requests, please contact customer service to purchase',
    chinese: '该API的调用次数已达到每日上限，如有更多需求，请联系客服购买。',
  },
  '1305': {
    status: 429,
    english: 'The service may be temporarily overloaded, please try again later',
    chinese: '该模型当前访问量过大，请您稍后再试。',
  },
  '1308': {
    status: 429,
    english: 'Usage limit reached for {0}. Your limit will reset later',
    chinese: '已达到 {0} 的使用上限，您的限额将在稍后重置。',
  },
} as const satisfies Record<string, BusinessCode>;

export type Code = keyof typeof businessCodes;

/** What an error says beside its code. */
interface ErrorOptions {
  /** Field, model method or id that the text names. */
  about?: string;
  /** Instead of the code's usual HTTP status. */
  status?: number;
  /** Goes into the sibling `contentFilter` of 1301: `user` is the prompt, `assistant` the picture. */
  role?: 'user' | 'assistant';
}

/** The error in the language of the caller's Accept-Language: Chinese unless it starts with English (section 1). */
export function errorReply(exchange: Exchange, code: Code, options: ErrorOptions = {}): Reply {
  const { status, english, chinese } = businessCodes[code];
  const isEnglish = /^en\b/i.test(exchange.headers['accept-language'] ?? '');
  const message = (isEnglish ? english : chinese).replace('{0}', options.about ?? '');
  return {
    status: options.status ?? status,
    json: {
      ...(options.role === undefined ? {} : { contentFilter: [{ level: 1, role: options.role }] }),
      error: { code, message },
    },
  };
}

/** The errors a `status` fault, or `sim:<name>` in a prompt, can ask for. */
export const namedErrors = {
  internal: (exchange) => errorReply(exchange, '500'),
  auth: (exchange) => errorReply(exchange, '1000'),
  'token-expired': (exchange) => errorReply(exchange, '1003'),
  forbidden: (exchange) => errorReply(exchange, '1220', { about: 'glm-image' }),
  locked: (exchange) => errorReply(exchange, '1112'),
  billing: (exchange) => errorReply(exchange, '1113'),
  throttled: (exchange) => errorReply(exchange, '1302'),
  'throttled-frequency': (exchange) => errorReply(exchange, '1303'),
  quota: (exchange) => errorReply(exchange, '1304'),
  'usage-limit': (exchange) => errorReply(exchange, '1308', { about: '5 hour' }),
  overloaded: (exchange) => errorReply(exchange, '1305'),
  'overloaded-503': (exchange) => errorReply(exchange, '1305', { status: 503 }),
  network: (exchange) => errorReply(exchange, '1234', { about: exchange.requestId }),
  process: (exchange) => errorReply(exchange, '1230'),
  policy: (exchange) => errorReply(exchange, '1300'),
  moderated: (exchange) => errorReply(exchange, '1301', { role: 'user' }),
  /** Old reports show 1301 delivered with HTTP 200. */
  'moderated-200': (exchange) => errorReply(exchange, '1301', { role: 'user', status: 200 }),
  /** Some newer endpoints wrap the error, and put code and request id into the text. */
  wrapped: (exchange) => ({
    status: 400,
    json: {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        code: '1210',
        message: `[1210][${businessCodes['1210'].english}][${exchange.requestId}]`,
      },
      request_id: exchange.requestId,
    },
  }),
  /** `code` as a number, which readers are told to accept. */
  'numeric-code': (exchange) => ({
    ...errorReply(exchange, '1234'),
    json: { error: { code: 1234, message: 'Network error' } },
  }),
} satisfies Record<string, (exchange: Exchange) => Reply>;

export type NamedError = keyof typeof namedErrors;
