// The four calls of a rotation, by Tencent's SDK and nothing else: what any program in its place would have to do.
// Arguments: the server's URL, how many rotations, and the environments' prefix. Run as a process of its own.
import sdk from 'tencentcloud-sdk-nodejs/tencentcloud/services/tcb/v20180608/tcb_client.js';

const [url = '', many = '1', prefix = 'bare'] = process.argv.slice(2);
const endpoint = new URL(url).host;
const client = new sdk.Client({
  credential: { secretId: 'AKIDbench', secretKey: 'bench' },
  region: 'ap-0',
  profile: { httpProfile: { protocol: 'http://', endpoint } },
});

/** A client secret has about as many characters; each write changes it. */
const SECRET = 'x'.repeat(300);

for (let i = 0; i < Number(many); i += 1) {
  const EnvId = `${prefix}-${i}`;
  await client.GetProviders({ EnvId });
  const { Data } = await client.GetProviders({ EnvId });
  await client.ModifyProvider({ EnvId, Id: 'apple', Config: { ...Data?.[0]?.Config, ClientSecret: `${SECRET}${i}` } });
  await client.GetProviders({ EnvId });
}
