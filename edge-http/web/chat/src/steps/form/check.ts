/** What the form holds, and what is wrong with it. */
import type { Registration } from '../../app/visit.ts'
import type { Texts } from '../../i18n/zh-CN.ts'

/** A field of the form. */
export type FieldName = keyof Registration

/** The form before anything is filled in. */
export const emptyForm: Registration = {
  name: '',
  phone: '',
  code: '',
  institution: '',
  position: '',
  emergencyPhone: '',
  problemType: '',
  question: '',
}

/** What is wrong with a field, as the key of its text; null if nothing. */
export function wrongField(name: FieldName, form: Registration, leaves: boolean): keyof Texts | null {
  switch (name) {
    case 'name':
      return form.name.trim() ? null : 'wrong.name'
    case 'phone':
      return isPhone(form.phone) ? null : 'wrong.phone'
    case 'code':
      return /^\d{6}$/.test(codeIn(form.code)) ? null : 'wrong.code'
    case 'emergencyPhone':
      return !form.emergencyPhone.trim() || /^[0-9+() -]{5,24}$/.test(halfWidth(form.emergencyPhone).trim())
        ? null
        : 'wrong.emergency'
    case 'question':
      return leaves && !form.question.trim() ? 'wrong.message' : null
    default:
      return null
  }
}

/** A mobile number as the server knows it. */
export function isPhone(text: string): boolean {
  return /^1[3-9]\d{9}$/.test(plainPhone(text))
}

/** The number without what people, and phones' address books, put into it. */
export function plainPhone(text: string): string {
  return halfWidth(text)
    .replace(/[^\d+]/g, '')
    .replace(/^(\+?86)(?=1\d{10}$)/, '')
}

/** Digits as everybody writes them: Chinese keyboards have wide ones, too. */
export function halfWidth(text: string): string {
  return text.normalize('NFKC')
}

/** The six digits in what was typed or pasted, be it the whole SMS; else the text itself. */
export function codeIn(text: string): string {
  const plain = halfWidth(text)
  return /(?:^|\D)(\d{3})[ -]?(\d{3})(?!\d)/.exec(plain)?.slice(1).join('') ?? plain
}

/** A mobile number in the groups in which it is read out. */
export function spokenPhone(phone: string): string {
  return phone.replace(/^(\d{3})(\d{4})(\d{4})$/, '$1 $2 $3')
}

/** The form without stray blanks. */
export function tidy(form: Registration): Registration {
  return {
    ...form,
    name: form.name.trim(),
    phone: plainPhone(form.phone),
    code: codeIn(form.code),
    institution: form.institution.trim(),
    position: form.position.trim(),
    emergencyPhone: halfWidth(form.emergencyPhone).trim(),
    question: form.question.trim(),
  }
}
