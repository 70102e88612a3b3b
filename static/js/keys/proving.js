// Proof of possession over the console's routes: take a challenge, answer it with the opened key.
"use strict";

import { Refused, encode } from "./bytes.js";
import { pinnedIdentity } from "./orgkey.js";
import { post } from "./server.js";
import { answer } from "./statements.js";

// The identity that an opened or unopened key file trusts, when it is this site's. Refused: "no-pin", "other-home".
export function trusted(part, offered) {
  const identity = pinnedIdentity(part.home_identity, offered);
  if (offered && encode(identity) !== offered) throw new Refused("other-home");
  return identity;
}

export async function prove(url, csrf, key, identity) {
  const challenge = await post(`${url}/challenge`, csrf);
  const proof = await answer(challenge, key, identity);
  return post(`${url}/answer`, csrf, { challenge: challenge.id, answer: encode(proof) });
}
