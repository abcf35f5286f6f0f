import * as z from 'zod'
import { Complaint } from './complaint.ts'

interface IssueSink {
  addIssue(issue: {
    code: 'custom'
    message: string
    path: (string | number)[]
    params: { hint: string | undefined }
  }): void
}

export function raise(context: IssueSink, complaint: Complaint): void {
  const { message, hint, path } = complaint
  context.addIssue({ code: 'custom', message, path: [...path], params: { hint } })
}

export function parsed<Out>(parse: (text: string) => Out | Complaint): z.ZodType<Out, string> {
  return z.string().transform((text, context) => {
    const parsed = parse(text)
    if (!(parsed instanceof Complaint)) return parsed
    raise(context, parsed)
    return z.NEVER
  })
}
