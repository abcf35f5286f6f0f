import { Array as ArrayOf, Boolean as Flag, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { nullText, oneOf, orNull, parameters, type Of } from '../../topics/schema.ts'
import { roles } from './principal.ts'

export const Me = ObjectOf(
  {
    name: Text(),
    role: oneOf(roles),
    namespaces: orNull(ArrayOf(Text(), { description: 'Namespaces with visible flows; null: all.' })),
    login: oneOf(['none', 'token', 'oidc'], {
      description: 'How the request was authenticated; `none` if no sign-in is required.',
    }),
  },
  { $id: 'Me' },
)
export type Me = Of<typeof Me>

export const Logins = ObjectOf(
  {
    needed: Flag({ description: 'Whether a sign-in is required.' }),
    token: Flag({ description: 'Sign in with a token: POST /api/v1/login.' }),
    oidc: Flag({ description: 'Sign in through an identity provider: open /api/v1/login/oidc.' }),
  },
  { $id: 'Logins' },
)
export type Logins = Of<typeof Logins>

export const LoginRequest = parameters({ token: Text({ minLength: 1, maxLength: 4096 }) })

export const LoggedOut = ObjectOf({
  redirect: nullText('URL to open so that the identity provider ends its session, too.'),
})
export type LoggedOut = Of<typeof LoggedOut>

export const OidcLoginParameters = parameters({
  to: Optional(Text({ maxLength: 4096, description: 'Path of this server to open after the sign-in.' })),
})

/** RFC 6749, section 4.1.2. */
export const OidcCallbackParameters = ObjectOf({
  code: Optional(Text()),
  state: Optional(Text()),
  error: Optional(Text()),
  error_description: Optional(Text()),
})
export type OidcCallback = Of<typeof OidcCallbackParameters>
