// Posts to the console's key routes. Only public halves, statements and answers ever go through here.
"use strict";

import { askAgain } from "../second-step/ask.js";
import { Refused } from "./bytes.js";

// What the server says when it refuses, in its own words.
export class ServerRefused extends Refused {
  constructor(status, sentence) {
    super("failed");
    this.status = status;
    this.sentence = sentence;
  }
}

export async function post(url, csrf, body = {}) {
  const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": csrf };
  const answer = await send(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "manual" });
  // The only redirect of these routes leads to the sign-in page.
  if (answer.type === "opaqueredirect") throw new Refused("signed-out");
  const said = await answer.json().catch(() => null);
  if (said?.step_up && (await askAgain(said))) return post(url, csrf, body);
  if (!answer.ok || !said) throw new ServerRefused(answer.status, said?.error);
  return said;
}

async function send(url, options) {
  try {
    return await fetch(url, options);
  } catch {
    throw new Refused("offline");
  }
}
