import { type ErrorCode, errorTable, messageOf, WeirError } from '../model/errors.ts'

export type Fault = Readonly<{
  code: string | undefined
  message: string
}>

export function faultOf(error: unknown): Fault {
  if (error instanceof WeirError) return { code: error.code, message: error.message }
  return { code: undefined, message: messageOf(error) }
}

export function errorOf({ code, message }: Fault): Error {
  return code !== undefined && code in errorTable ? new WeirError(code as ErrorCode, message) : new Error(message)
}
