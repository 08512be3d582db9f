# Copyright 2026 The depth_anything_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading weights files, sound and broken ones."""

from __future__ import annotations

import json
import os
import pickle
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from depth_anything_ros.model.checkpoint_file import CheckpointError, read_checkpoint
from depth_anything_ros.model.keys import transformers_from_official


@pytest.fixture
def state(tiny, random_network):
    return random_network(tiny).state_dict()


def assert_same(read, state):
    assert read.keys() == state.keys()
    assert all(torch.equal(read[name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize(
    'wrap',
    [
        dict,
        lambda state: {'model': state},
        lambda state: {'state_dict': {f'model.{name}': t for name, t in state.items()}},
        lambda state: {
            'model': {f'module.{name}': t for name, t in state.items()},
            'optimizer': {'state': {0: {'exp_avg': torch.zeros(3)}}, 'param_groups': []},
            'epoch': 7,
            'previous_best': {'abs_rel': 0.1},
        },
        lambda state: {'model': {f'module._orig_mod.{name}': t for name, t in state.items()}},
        transformers_from_official,
    ],
    ids=['bare', 'model', 'lightning', 'metric trainer', 'compiled', 'transformers'],
)
def test_the_weights_are_found_however_they_are_wrapped(tmp_path, state, wrap):
    torch.save(wrap(state), tmp_path / 'any.pth')

    assert_same(read_checkpoint(tmp_path / 'any.pth').tensors, state)


def test_averaged_weights_are_preferred_to_those_of_the_last_step(tmp_path, state):
    last = {name: tensor + 1 for name, tensor in state.items()}
    torch.save({'model': last, 'averaged': state, 'step': 9}, tmp_path / 'state.pt')

    checkpoint = read_checkpoint(tmp_path / 'state.pt')

    assert_same(checkpoint.tensors, state)
    assert checkpoint.entries == {'step': 9}


def test_what_a_trainer_says_beside_the_weights_is_kept(tmp_path, state):
    torch.save({'model': state, 'max_depth': 20.0, 'epoch': 3}, tmp_path / 'latest.pth')

    assert read_checkpoint(tmp_path / 'latest.pth').entries == {'max_depth': 20.0, 'epoch': 3}


def test_files_of_the_format_before_torch_1_6_are_read(tmp_path, state):
    torch.save(state, tmp_path / 'old.pth', _use_new_zipfile_serialization=False)

    assert_same(read_checkpoint(tmp_path / 'old.pth').tensors, state)


def test_a_truncated_file_of_the_old_format_is_named(tmp_path, state):
    path = tmp_path / 'old.pth'
    torch.save(state, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()

    for length in (20, 30, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r'old\.pth'):
            read_checkpoint(path)


def test_safetensors_are_read_under_any_name_with_their_header(tmp_path, state):
    save_file(state, tmp_path / 'weights.bin', metadata={'kind': 'relative'})

    checkpoint = read_checkpoint(tmp_path / 'weights.bin')

    assert_same(checkpoint.tensors, state)
    assert checkpoint.metadata == {'kind': 'relative'}


def test_transformers_files_are_translated_and_their_config_is_read(tmp_path, state):
    renamed = {n: t.contiguous() for n, t in transformers_from_official(state).items()}
    save_file(renamed, tmp_path / 'model.safetensors')
    (tmp_path / 'config.json').write_text('{"depth_estimation_type": "metric", "max_depth": 80}')

    checkpoint = read_checkpoint(tmp_path / 'model.safetensors')

    assert_same(checkpoint.tensors, state)
    assert checkpoint.sidecar == {'depth_estimation_type': 'metric', 'max_depth': 80}
    assert checkpoint.sidecar_name == 'config.json'


def test_a_config_of_something_else_is_not_read(tmp_path, state):
    torch.save(state, tmp_path / 'mine.pth')
    (tmp_path / 'config.json').write_text('{"max_depth": 80}')

    assert read_checkpoint(tmp_path / 'mine.pth').sidecar == {}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty; download or copy it again'),
        (b'<!DOCTYPE html><html><body>Sign in</body></html>', 'is a web page.*/resolve/'),
        (b'\n<html lang="en">', 'is a web page'),
        (b'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 99\n', 'git lfs pull'),
        (b'\x89PNG\r\n\x1a\n and so on', 'neither a PyTorch nor a safetensors file'),
        (b'PK\x03\x04 but no archive', 'broken PyTorch file.*truncated'),
        (pickle.dumps([1, 2, 3], protocol=5), 'a pickle that PyTorch did not write'),
        (pickle.dumps([1, 2, 3], protocol=2), 'broken PyTorch file|a pickle that PyTorch did not'),
    ],
    ids=['empty', 'page', 'bare page', 'lfs', 'picture', 'zip', 'pickle 5', 'pickle 2'],
)
@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
def test_what_is_no_checkpoint_is_named_with_advice(tmp_path, content, message):
    path = tmp_path / 'depth.pth'
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=message) as caught:
        read_checkpoint(path)

    assert str(path) in str(caught.value)


@pytest.mark.parametrize('name', ['w.pth', 'w.safetensors'])
@pytest.mark.parametrize('share', [0.3, 0.99])
def test_a_truncated_file_is_named(tmp_path, state, name, share):
    path = tmp_path / name
    (save_file if name.endswith('safetensors') else torch.save)(state, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    with pytest.raises(CheckpointError, match=r'w\.\w+ is a broken .*truncated: download'):
        read_checkpoint(path)


class Payload:
    """Runs code when it is unpickled without care."""

    def __reduce__(self):
        return print, ('ran',)


def test_a_pickle_that_needs_code_is_refused_and_not_run(tmp_path, capsys):
    torch.save({'model': Payload()}, tmp_path / 'evil.pth')

    with pytest.raises(
        CheckpointError,
        match='would have to run code to be opened .it asks for .*print.*state_dict',
    ):
        read_checkpoint(tmp_path / 'evil.pth')
    assert capsys.readouterr().out == ''


@pytest.mark.parametrize(
    ('saved', 'message'),
    [
        ([torch.zeros(2)], 'holds a list, not a state dict'),
        (torch.zeros(2), 'holds a Tensor, not a state dict'),
        ({'epoch': 3, 'weights': torch.zeros(2)}, "'epoch' is a int, where tensors"),
        ({}, 'it is empty'),
    ],
)
def test_a_sound_pickle_without_weights_is_refused(tmp_path, saved, message):
    torch.save(saved, tmp_path / 'other.pth')

    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(tmp_path / 'other.pth')


def test_another_zip_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / 'w.pth', 'w') as archive:
        archive.writestr('depth_anything_v2_vits.pth', b'inside')

    with pytest.raises(CheckpointError, match='broken PyTorch file'):
        read_checkpoint(tmp_path / 'w.pth')


def test_a_folder_is_refused_with_what_lies_in_it(tmp_path):
    (tmp_path / 'model.safetensors').touch()

    with pytest.raises(CheckpointError, match=r'is a folder; .*model\.safetensors'):
        read_checkpoint(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r'gone\.pth does not exist'):
        read_checkpoint(tmp_path / 'gone.pth')


def test_transformers_weights_of_another_network_are_refused(tmp_path):
    torch.save({'backbone.embeddings.what': torch.zeros(1)}, tmp_path / 'beit.pth')

    with pytest.raises(CheckpointError, match=r'backbone\.embeddings\.what is no tensor'):
        read_checkpoint(tmp_path / 'beit.pth')


def test_a_broken_description_beside_the_weights_is_named(tmp_path, state):
    torch.save(state, tmp_path / 'mine.pth')
    (tmp_path / 'mine.json').write_text(json.dumps({'kind': 'metric'})[:-3])

    with pytest.raises(CheckpointError, match=r'mine\.json.*mend or remove it'):
        read_checkpoint(tmp_path / 'mine.pth')


def test_a_dict_that_holds_itself_is_refused(tmp_path):
    loop = {}
    loop['model'] = loop
    torch.save(loop, tmp_path / 'loop.pth')

    with pytest.raises(CheckpointError, match="'model' is a dict, where tensors are expected"):
        read_checkpoint(tmp_path / 'loop.pth')


@pytest.mark.parametrize(
    'tensor',
    [
        torch.zeros(1).expand(2**20, 2**20),
        torch.sparse_coo_tensor(
            torch.zeros(2, 1, dtype=torch.int64), torch.ones(1), (2**20, 2**20)
        ),
        torch.empty(2**20, 2**20, device='meta'),
        torch.zeros(4, dtype=torch.int64),
        torch.zeros(4, dtype=torch.complex64),
    ],
    ids=['expanded', 'sparse', 'meta', 'whole numbers', 'complex'],
)
@pytest.mark.filterwarnings('ignore:Sparse invariant')
def test_tensors_without_plain_data_of_their_own_are_refused(tmp_path, tensor):
    name = 'backbone.encoder.layer.0.attention.attention.{}.weight'
    state = {'backbone.embeddings.cls_token': torch.zeros(1)}
    torch.save(state | {name.format(part): tensor for part in ('query', 'key', 'value')},
               tmp_path / 'odd.pth')  # fmt: skip

    with pytest.raises(CheckpointError, match='plain floating-point|repeat their data'):
        read_checkpoint(tmp_path / 'odd.pth')


def test_a_compressed_archive_is_refused(tmp_path, state):
    torch.save(state, tmp_path / 'plain.pth')
    with (
        zipfile.ZipFile(tmp_path / 'plain.pth') as plain,
        zipfile.ZipFile(tmp_path / 'small.pth', 'w', zipfile.ZIP_DEFLATED) as small,
    ):
        for entry in plain.namelist():
            small.writestr(entry, plain.read(entry))

    with pytest.raises(CheckpointError, match=r'small\.pth is compressed'):
        read_checkpoint(tmp_path / 'small.pth')


def test_an_archive_that_claims_more_than_it_holds_is_refused(tmp_path, state):
    torch.save(state, tmp_path / 'bomb.pth')
    content = bytearray((tmp_path / 'bomb.pth').read_bytes())
    entry = content.rindex(b'PK\x01\x02')
    content[entry + 20 : entry + 28] = b'\xf0\xff\xff\x7f' * 2
    (tmp_path / 'bomb.pth').write_bytes(content)

    with pytest.raises(CheckpointError, match='larger inside than outside'):
        read_checkpoint(tmp_path / 'bomb.pth')


def test_keys_that_are_no_names_are_refused(tmp_path):
    torch.save({('a', 'b'): torch.zeros(1)}, tmp_path / 'odd.pth')

    with pytest.raises(CheckpointError, match='keys that are no names'):
        read_checkpoint(tmp_path / 'odd.pth')


def test_a_description_nested_without_end_is_named(tmp_path, state):
    torch.save(state, tmp_path / 'mine.pth')
    (tmp_path / 'mine.json').write_text('[' * 100_000)

    with pytest.raises(CheckpointError, match=r'mine\.json'):
        read_checkpoint(tmp_path / 'mine.pth')


@pytest.mark.parametrize('path', ['~nobody_of_that_name/w.pth', 'w\0.pth'])
def test_a_path_that_cannot_be_is_named(path):
    with pytest.raises(CheckpointError):
        read_checkpoint(path)


def test_a_pickle_that_asks_for_memory_is_refused(tmp_path):
    opcodes = b'\x80\x02c__builtin__\nbytearray\n(\x8a\x06' + b'\0\0\0\0\0\x40' + b'tR.'
    (tmp_path / 'large.pth').write_bytes(opcodes)

    with pytest.raises(CheckpointError, match=r'large\.pth'):
        read_checkpoint(tmp_path / 'large.pth')


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / 'w.pth')

    with pytest.raises(CheckpointError, match=r'w\.pth is no file but a device or a pipe'):
        read_checkpoint(tmp_path / 'w.pth')
