// The common part of Tencent Cloud's API 3.0: one path, routed by X-TC-Version and X-TC-Action; TC3 signatures are
// verified; answers and errors come in the envelope {"Response": {…, "RequestId"}} with HTTP 200.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../core/json.ts';
import { isAllowed } from './cam.ts';
import type { Credential } from './credentials.ts';
import { type Answer, type Call, type Incoming, json, jsonObject } from './exchange.ts';
import type { ServiceName } from './faults.ts';
import { ssmActions } from './ssm.ts';
import { stsActions } from './sts.ts';
import { verifyTc3 } from './tc3.ts';
import { tcbActions } from './tcb.ts';
import { type Action, ApiError } from './tencent-action.ts';
import type { World } from './world.ts';

interface TencentService {
  readonly name: Extract<ServiceName, 'tcb' | 'ssm' | 'sts'>;
  readonly actions: Readonly<Record<string, Action>>;
  readonly needsRegion: boolean;
}

const SERVICES_BY_VERSION: Readonly<Record<string, TencentService>> = {
  '2018-06-08': { name: 'tcb', actions: tcbActions, needsRegion: true },
  '2019-09-23': { name: 'ssm', actions: ssmActions, needsRegion: true },
  '2018-08-13': { name: 'sts', actions: stsActions, needsRegion: false },
};

/** The call, if the request has an X-TC-Action header. */
export function tencentCall(incoming: Incoming): Call | undefined {
  const action = incoming.headers['x-tc-action'];
  if (action === undefined) return undefined;
  const version = incoming.headers['x-tc-version'] ?? '';
  const service = Object.hasOwn(SERVICES_BY_VERSION, version) ? SERVICES_BY_VERSION[version] : undefined;
  const body = jsonObject(incoming.body);
  const envId = body?.['EnvId'];
  const region = incoming.headers['x-tc-region'];
  const signedBy = /Credential=([^/\s]+)\//.exec(incoming.headers['authorization'] ?? '')?.[1];
  return {
    service: service?.name ?? 'tcb',
    action,
    ...(typeof envId === 'string' ? { envId } : {}),
    ...(region === undefined ? {} : { region }),
    ...(signedBy === undefined ? {} : { signedBy }),
    body: body ?? null,
    error: (code, message) => failure(code, message),
    answer: (world) => {
      try {
        if (service === undefined) throw new ApiError('NoSuchVersion', 'the API version does not exist');
        authenticate(world, service, action, incoming);
        const caller = signedBy === undefined ? undefined : world.credentials.get(signedBy);
        return perform(world, service, action, incoming, { body, caller });
      } catch (error) {
        if (error instanceof ApiError) return failure(error.code, error.message);
        throw error;
      }
    },
  };
}

function authenticate(world: World, service: TencentService, action: string, incoming: Incoming): void {
  if (service.actions[action]?.unsigned === true) return;
  const now = world.clock.now();
  const verdict = verifyTc3(
    { ...incoming, payload: incoming.body },
    {
      services: [service.name, (incoming.headers['host'] ?? '').split(/[.:]/)[0] ?? ''],
      credential: (secretId) => world.credentials.get(secretId),
      // Signers use the machine's clock, whichever clock the sandbox has.
      clocks: [Date.now(), now],
      nowMs: now,
    },
  );
  if (!verdict.ok) throw new ApiError(verdict.code, verdict.message);
}

function perform(
  world: World,
  service: TencentService,
  name: string,
  incoming: Incoming,
  { body, caller }: { readonly body: JsonObject | undefined; readonly caller: Credential | undefined },
): Answer {
  const region = incoming.headers['x-tc-region'];
  const action = service.actions[name];
  if (action === undefined) throw new ApiError('InvalidAction', `the action ${name} does not exist`);
  if (service.needsRegion && (region === undefined || region === ''))
    throw new ApiError('MissingParameter', 'the request lacks the parameter Region');
  if (body === undefined) throw new ApiError('InvalidParameter', 'the body is not a JSON object');
  for (const required of action.required)
    if (body[required] === undefined || body[required] === '')
      throw new ApiError('MissingParameter', `the request lacks the parameter ${required}`);
  for (const key of Object.keys(body))
    if (!action.required.includes(key) && !action.optional.includes(key))
      throw new ApiError('UnknownParameter', `The parameter \`${key}\` is not recognized.`);
  const resource = action.resource?.(body, region ?? '');
  const operation = `${service.name}:${name}`;
  if (resource !== undefined && caller?.policy !== undefined && !isAllowed(caller.policy, operation, resource))
    throw denied(operation, resource);
  return success(action.run(world, body, { region: region ?? '', caller }));
}

/** In the words of CAM. */
function denied(operation: string, resource: string): ApiError {
  const said = `you are not authorized to perform operation (${operation})\nresource (${resource}) has no permission\n`;
  return new ApiError('UnauthorizedOperation', said);
}

function success(fields: JsonObject): Answer {
  return json(200, { Response: { ...fields, RequestId: randomUUID() } });
}

function failure(code: string, message: string): Answer {
  return json(200, { Response: { Error: { Code: code, Message: message }, RequestId: randomUUID() } });
}
