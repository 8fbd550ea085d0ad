// Checks the seal that stands in the fragment of the link, which never reaches
// the server: a COSE_Sign1 message (RFC 9052) in decimal digits. The format is
// described in docsvc's internal/codes.
(function () {
  'use strict';
  var box = document.getElementById('seal');
  var text = location.hash.slice(1);
  keepFragment();
  if (!box || !text) return;
  var said = box.dataset;
  box.hidden = false;
  if (!window.crypto || !crypto.subtle) return say('wait', said.unchecked);

  var seal;
  try {
    seal = readSeal(digits(text));
  } catch (e) {
    return say('bad', said.unreadable);
  }
  verify(seal).then(function (state) {
    if (state !== 'genuine') return say(state === 'unchecked' ? 'wait' : 'bad', said[state]);
    var differs = show(seal.facts);
    if (!said.register) say('good', said.alone);
    else if (differs) say('bad', said.differs);
    else say('good', said.genuine);
  }, function () { say('wait', said.unchecked); });

  // A change of language must not lose the seal.
  function keepFragment() {
    if (!text) return;
    document.querySelectorAll('.languages a, a.button').forEach(function (a) {
      if (a.pathname === location.pathname || a.closest('.languages')) a.hash = text;
    });
  }

  function say(tone, words) {
    var p = box.querySelector('.result');
    p.className = 'result ' + (tone === 'good' ? 'yes' : tone === 'bad' ? 'no' : '');
    var img = document.createElement('img'), span = document.createElement('span');
    img.src = said['icon' + tone[0].toUpperCase() + tone.slice(1)];
    img.alt = '';
    img.width = img.height = 28;
    span.textContent = words;
    p.replaceChildren(img, span);
    box.dataset.state = tone;
    if (tone === 'bad') box.classList.add('bad');
  }

  // digits undoes CTAP 2.2, 11.5.1: 17 digits for seven bytes, little endian.
  function digits(s) {
    if (!/^[0-9]{1,972}$/.test(s)) throw new Error('not digits');
    var sizes = {3: 1, 5: 2, 8: 3, 10: 4, 13: 5, 15: 6, 17: 7};
    var out = [];
    for (var i = 0; i < s.length; i += 17) {
      var chunk = s.slice(i, i + 17), n = sizes[chunk.length];
      if (!n) throw new Error('cut off');
      var v = BigInt(chunk);
      for (var j = 0; j < n; j++) { out.push(Number(v & 255n)); v >>= 8n; }
      if (v !== 0n) throw new Error('too large');
    }
    return new Uint8Array(out);
  }

  // decode reads the CBOR (RFC 8949) that a seal may hold: definite lengths,
  // the shortest form, and nothing after it. Maps become Map.
  function decode(bytes) {
    var at = 0, utf8 = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
    function head() {
      var first = bytes[at++], major = first >> 5, low = first & 31, n = low;
      if (first === undefined) throw new Error('cut off');
      if (major === 7) return [7, low];
      if (low >= 24) {
        var size = {24: 1, 25: 2, 26: 4, 27: 8}[low];
        if (!size || at + size > bytes.length) throw new Error('length');
        for (n = 0; size > 0; size--) n = n * 256 + bytes[at++];
        if (n < {24: 24, 25: 256, 26: 65536, 27: 4294967296}[low] || !Number.isSafeInteger(n)) throw new Error('not shortest');
      }
      return [major, n];
    }
    function item(depth) {
      if (depth > 6) throw new Error('too deep');
      var h = head(), n = h[1], i, v;
      switch (h[0]) {
      case 0: return n;
      case 1: return -1 - n;
      case 2: case 3:
        if (at + n > bytes.length) throw new Error('cut off');
        v = bytes.slice(at, at += n);
        return h[0] === 2 ? v : utf8.decode(v);
      case 4:
        for (v = [], i = 0; i < n; i++) v.push(item(depth + 1));
        return v;
      case 5:
        for (v = new Map(), i = 0; i < n; i++) {
          var key = item(depth + 1);
          if (v.has(key)) throw new Error('key twice');
          v.set(key, item(depth + 1));
        }
        return v;
      case 6: return {tag: n, value: item(depth + 1)};
      }
      if (n === 20 || n === 21) return n === 21;
      throw new Error('not allowed');
    }
    var value = item(0);
    if (at !== bytes.length) throw new Error('more after the end');
    return value;
  }

  function readSeal(bytes) {
    var m = decode(bytes);
    if (m.tag !== 18 || !Array.isArray(m.value) || m.value.length !== 4) throw new Error('not COSE_Sign1');
    var parts = m.value, header = decode(parts[0]), facts = decode(parts[2]);
    if (header.size !== 2 || header.get(1) !== -7 || !(header.get(4) instanceof Uint8Array)) throw new Error('header');
    if (!(parts[1] instanceof Map) || parts[1].size !== 0 || parts[3].length !== 64) throw new Error('parts');
    if (!(facts instanceof Map) || facts.get(0) !== 1) throw new Error('facts');
    return {
      header: parts[0], payload: parts[2], signature: parts[3], facts: facts,
      kid: String.fromCharCode.apply(null, header.get(4))
    };
  }

  // byteString is a CBOR byte string of less than 64 KB.
  function byteString(b) {
    var n = b.length;
    return [].concat(n < 24 ? [0x40 + n] : n < 256 ? [0x58, n] : [0x59, n >> 8, n & 255], Array.from(b));
  }

  // The Sig_structure of RFC 9052, 4.4; external_aad is the act's code.
  function toBeSigned(seal) {
    var context = new TextEncoder().encode('Signature1');
    return new Uint8Array([0x84, 0x60 + context.length].concat(Array.from(context), byteString(seal.header),
      byteString(new TextEncoder().encode(said.code)), byteString(seal.payload)));
  }

  function verify(seal) {
    return fetch(said.keys, {credentials: 'omit', referrerPolicy: 'no-referrer'}).then(function (answer) {
      if (!answer.ok) throw new Error('keys');
      return answer.json();
    }).then(function (set) {
      var jwk = set.keys.find(function (k) { return k.kid === seal.kid; });
      if (!jwk) return 'unknown';
      return crypto.subtle.importKey('jwk', {kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y},
        {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']).then(function (key) {
        return crypto.subtle.verify({name: 'ECDSA', hash: 'SHA-256'}, key, seal.signature, toBeSigned(seal));
      }).then(function (ok) { return ok ? 'genuine' : 'forged'; });
    });
  }

  function hex(b) {
    return Array.from(b, function (x) { return x.toString(16).padStart(2, '0'); }).join('');
  }

  function manat(q) {
    var whole = String(Math.floor(q / 100)).replace(/\B(?=(\d{3})+$)/g, '\u00a0');
    return said.manat.replace('{amount}', whole + ',' + String(q % 100).padStart(2, '0'));
  }

  // show lists the sealed facts beside the register's and says whether any
  // differs.
  function show(facts) {
    var roles = ['', 'creditor', 'debtor', 'other'];
    var day = new Date(facts.get(4) * 864e5).toISOString().slice(0, 10);
    var differs = false, body = box.querySelector('tbody');
    var list = document.getElementById('facts');
    function registered(fact) {
      return list ? Array.from(list.querySelectorAll('[data-fact=' + fact + ']')) : [];
    }
    function cell(row, kind, words) {
      var c = document.createElement(kind);
      c.textContent = words;
      row.appendChild(c);
      return c;
    }
    function add(label, sealed, words, dd, value) {
      var row = document.createElement('tr');
      cell(row, 'th', label).scope = 'row';
      cell(row, 'td', words);
      if (list) {
        var same = sealed === value;
        var c = cell(row, 'td', dd ? dd.textContent : value === undefined ? '–' : value);
        var mark = document.createElement('b');
        mark.textContent = same ? ' ✓ ' + said.same : ' ✗ ' + said.different;
        c.appendChild(mark);
        if (!same) { differs = true; row.className = 'differs'; }
      }
      body.appendChild(row);
    }
    function fact(name, label, sealed, words) {
      var dd = registered(name)[0];
      if (sealed === undefined && (!dd || !dd.dataset.value)) return;
      add(label, sealed === undefined ? undefined : String(sealed), words, dd, dd && dd.dataset.value);
    }
    fact('act', said.labelAct, facts.get(1), facts.get(1));
    fact('kind', said.labelKind, facts.get(3), facts.get(3));
    fact('date', said.labelDate, day, day.split('-').reverse().join('.'));
    fact('case', said.labelCase, facts.get(2), facts.get(2) || '–');
    fact('office', said.labelOffice, facts.get(5), facts.get(5));
    fact('signer', said.labelSigner, facts.get(6), facts.get(6));
    var parties = facts.get(8) || [], others = facts.get(9) || 0, known = registered('party');
    parties.forEach(function (p, i) {
      var role = roles[p[0]] || 'other', dd = known[i];
      add(said['label' + role[0].toUpperCase() + role.slice(1)], role + ' ' + p[1], p[1], dd, dd && dd.dataset.value);
    });
    if (list ? known.length !== parties.length + others || others : others) {
      var n = said.others.replace('{n}', others);
      add('', list ? parties.length + others : '', n, null, list ? known.length : '');
    }
    var amount = facts.get(7);
    fact('amount', said.labelAmount, amount, amount === undefined ? '–' : manat(amount));
    add(said.labelDigest, hex(facts.get(10)), hex(facts.get(10)), null, list ? list.dataset.digest : '');
    body.lastChild.classList.add('digest');
    if (facts.get(11) || list && list.dataset.evaluation === 'true') {
      add('', String(facts.get(11)), said.evaluation, null, list ? list.dataset.evaluation : '');
    }
    box.querySelector('.scroll').hidden = false;
    return differs;
  }
})();
