// Keeps what is typed while it is typed, brings the fields that a choice asks
// for, and shows the pages anew. Without this script the buttons do the same.
(function () {
  'use strict';
  var form = document.getElementById('form');
  if (!form) return;
  var frame = document.getElementById('preview');
  var timer = 0, running = false, again = false, stopped = false;

  function status(text) { document.getElementById('saved').textContent = text; }

  function post(what, accept) {
    var body = new URLSearchParams(new FormData(form));
    body.set('do', what);
    return fetch(form.action, { method: 'POST', body: body, headers: { Accept: accept } });
  }

  // save keeps the form; one saving at a time, each with the version before it.
  function save() {
    clearTimeout(timer);
    if (stopped) return;
    if (running) { again = true; return; }
    running = true;
    status(form.dataset.saving);
    post('save', 'application/json').then(function (answer) {
      if (answer.status === 403 || answer.redirected) { status(form.dataset.ended); return; }
      return answer.json().then(function (body) {
        if (!answer.ok) { stopped = answer.status === 409; status(body.error.message); return; }
        form.elements.version.value = body.version;
        status(body.text);
        if (frame && frame.offsetParent) frame.contentWindow.location.replace(frame.src.replace('#', '&v=' + body.version + '#'));
      });
    }).catch(function () { status(form.dataset.lost); }).finally(function () {
      running = false;
      if (again) { again = false; later(); }
    });
  }

  function later() { clearTimeout(timer); timer = setTimeout(save, 1200); }

  // redraw does what a button says and puts the fields that come of it here.
  function redraw(what, focus) {
    clearTimeout(timer);
    if (running) { setTimeout(function () { redraw(what, focus); }, 100); return; }
    running = true;
    post(what, 'text/html').then(function (answer) {
      if (!answer.ok) throw new Error(answer.status);
      return answer.text();
    }).then(function (text) {
      var page = new DOMParser().parseFromString(text, 'text/html');
      var fresh = page.getElementById('form');
      if (!fresh) throw new Error('no form');
      form.replaceWith(fresh);
      form = fresh;
      listen();
      var at = document.getElementById(focus);
      var field = at && (at.matches('input,select,textarea') ? at : at.querySelector('input:not([type=hidden]),select,textarea'));
      if (field) field.focus();
    }).catch(function () { status(form.dataset.lost); }).finally(function () { running = false; });
  }

  function listen() {
    form.querySelectorAll('button[value^="refresh:"]').forEach(function (b) { b.hidden = true; });
    form.addEventListener('input', later);
    form.addEventListener('change', function (event) {
      if (event.target.closest('.decides')) redraw('refresh', event.target.id);
      else later();
    });
    form.addEventListener('submit', function (event) {
      var what = event.submitter ? event.submitter.value : 'save';
      if (what === 'save') { event.preventDefault(); stopped = false; save(); return; }
      if (/^(add|remove):/.test(what)) {
        event.preventDefault();
        var path = what.slice(what.indexOf(':') + 1);
        var list = document.getElementById('f' + path.replace(/\//g, '-'));
        redraw(what, /^add/.test(what) && list ? list.id + '-' + list.querySelectorAll(':scope > .item, :scope > .one').length : '');
        return;
      }
      if (running) { event.preventDefault(); setTimeout(function () { form.requestSubmit(event.submitter); }, 100); return; }
      clearTimeout(timer);
    });
  }

  listen();
  var faults = document.getElementById('faults');
  if (faults) faults.focus();
})();
