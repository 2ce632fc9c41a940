import type { Drop } from './drop-reason.ts'

/** The first secret or personal datum in a text. Shapes that documentation reserves are let through. */
export function findSecret(text: string): Drop | undefined {
  for (const { reason, name, pattern, unless } of patterns) {
    for (const match of text.matchAll(pattern)) {
      if (unless?.(match[0])) continue
      return { reason, detail: name }
    }
  }
  return undefined
}

interface SecretPattern {
  readonly reason: 'secret' | 'personal-data'
  readonly name: string
  readonly pattern: RegExp
  readonly unless?: (found: string) => boolean
}

/** Names of RFC 2606, and what people write where an address would stand. */
const reservedMail =
  /@(?:[\w-]+\.)*(?:example(?:\.\w+)?|test|invalid|localhost|domain\.com|email\.com|mail\.com|site\.com|company\.com|host\.com|server\.com|a\.com|b\.com|c\.com|x\.com|y\.com|x\.y|foo\.com|bar\.com)$/i

/** Private, loopback, documentation and round addresses. */
const ordinaryAddress =
  /^(?:0|10|127|255)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^169\.254\.|^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.|^(?:1\.1\.1\.1|8\.8\.8\.8|8\.8\.4\.4|1\.2\.3\.4)$|\.0$/

/** One line a pattern. */
const patterns: readonly SecretPattern[] = [
  { reason: 'secret', name: 'private key', pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/g },
  {
    reason: 'secret',
    name: 'AWS key id',
    pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
    unless: isSample,
  },
  {
    reason: 'secret',
    name: 'GitHub token',
    pattern: /\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{60,})\b/g,
  },
  { reason: 'secret', name: 'GitLab token', pattern: /\bglpat-[\w-]{20,}/g },
  { reason: 'secret', name: 'Slack token', pattern: /\bxox[abprs]-[\w-]{10,}/g },
  {
    reason: 'secret',
    name: 'API key',
    pattern: /\bsk-(?:proj-|ant-|live-)?[0-9A-Za-z_-]{24,}/g,
    unless: isSample,
  },
  { reason: 'secret', name: 'Google key', pattern: /\bAIza[\w-]{35}\b/g },
  { reason: 'secret', name: 'Hugging Face token', pattern: /\bhf_[0-9A-Za-z]{30,}\b/g },
  {
    reason: 'secret',
    name: 'JSON Web Token',
    pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g,
  },
  {
    reason: 'secret',
    name: 'password in a URL',
    pattern: /\b[a-z][a-z+]*:\/\/[^\s:/@'"]+:[^\s:/@'"]{3,}@[\w.-]+/gi,
    unless: (url) => /:(?:password|pass|pwd|secret|\*+|<[^>]*>|\{[^}]*\})@/i.test(url),
  },
  {
    reason: 'personal-data',
    name: 'e-mail address',
    pattern: /\b[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b/gi,
    unless: (mail) => reservedMail.test(mail),
  },
  {
    reason: 'personal-data',
    name: 'IP address',
    pattern:
      /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])/g,
    unless: (address) => ordinaryAddress.test(address),
  },
  {
    reason: 'personal-data',
    name: 'card number',
    pattern: /(?<![\d.-])(?:\d{4}[ -]){3}\d{4}(?![\d.-])/g,
    unless: (number) => !passesLuhn(number) || /^(?:4111|4242|5555|0000)/.test(number),
  },
  {
    reason: 'personal-data',
    name: 'social security number',
    pattern: /\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b/g,
    unless: (number) => number === '123-45-6789',
  },
]

function isSample(text: string): boolean {
  return /EXAMPLE|x{6,}|0{8,}|\.{3}|your|1234567890/i.test(text)
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(number: string): boolean {
  const digits = [...number.replace(/\D/g, '')].reverse().map(Number)
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 0 ? digit : digit * 2
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}
